"""The feeds of the benchmark read the same rows, and what is timed is counted."""

import numpy as np
import pytest
from export import export_readers

from benchmarks.clock import Clock
from benchmarks.feed import ours
from benchmarks.feed.data import Data, write_copies, write_lake
from benchmarks.feed.epoch import batch_rows, stacked, timed
from benchmarks.peers.feeds.memmap_rows import batches

LENGTH = 64
BATCH = batch_rows(LENGTH)
ROWS = 3 * BATCH


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("feed")
    made = Data(folder / "lake", folder / "rows.bin", folder / "mds", folder / "litdata", ROWS, LENGTH)
    write_lake(made)
    write_copies(made)
    return made


def sums(found):
    """The sum of each row, sorted: the same rows in any order."""
    return sorted(int(row.sum(dtype=np.uint64)) for batch in found for row in batch)


@pytest.mark.parametrize("how", ["gather", "rows"])
def test_every_form_holds_the_same_rows(data, how):
    flat = sums(batches(str(data.flat), LENGTH, how, 0))
    assert len(flat) == ROWS
    assert sums(ours._ids(ours._opened(str(data.lake), LENGTH, 1))) == flat
    assert sorted(sum(sample["ids"]) for sample in export_readers.mds(data.mds / "train")) == flat


@pytest.mark.parametrize("how", ["gather", "rows"])
def test_epochs_of_the_memmap_have_other_orders(data, how):
    first, second = (np.concatenate(list(batches(str(data.flat), LENGTH, how, epoch))) for epoch in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("how", ["gather", "rows"])
def test_the_first_batch_is_timed_apart_and_its_tokens_are_not_counted(data, how):
    clock = Clock()
    timed(clock, lambda epoch: batches(str(data.flat), LENGTH, how, epoch))
    measured = clock._said["measured"]
    assert measured["epoch"]["tokens"] == (ROWS - BATCH) * LENGTH
    assert measured["check"]["rows"] == ROWS
    assert measured["check"]["sum"] == sum(sums(batches(str(data.flat), LENGTH, how, 0)))


def test_single_rows_become_batches():
    rows = [np.full(3, number) for number in range(6)]
    assert [batch.shape for batch in stacked(iter(rows), 4)] == [(4, 3), (2, 3)]
