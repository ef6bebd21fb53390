"""A billion rows: opening a table and finding any place in it cost the same memory and time as in a small one."""

import shutil
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from sequence_tables import CAUSAL, append, packed_rows

from training.feed.order import DEFAULT_SHUFFLE, EpochOrder, Shuffle
from training.feed.recent import Recent
from training.feed.row_reader import RowReader
from training.feed.samples import Generation, Samples, Source
from training.feed.table import SequenceTable, open_table

FILES, ROWS = 20_000, 50_000


def synthetic(files, rows):
    """A table whose files are only names, sizes and counts, as the log has them."""
    paths = tuple(f"split=train/part-0123456789abcdef-{number:012x}.parquet" for number in range(files))
    sizes, counts = np.full(files, rows * 2100), np.full(files, rows)
    return SequenceTable("s3://bucket/lake", "sequences_causal", 0, "id", "train", CAUSAL, paths, sizes, counts)


def samples_of(table, epochs=2, shuffle=DEFAULT_SHUFFLE):
    return Samples((Source("", (Generation(0, 0, 0, table.rows),), epochs),), 7, shuffle)


def allocated(function):
    """(the most bytes that Python and numpy held at a time, result) of a call."""
    tracemalloc.start()
    try:
        found = function()
        return tracemalloc.get_traced_memory()[1], found
    finally:
        tracemalloc.stop()


def test_the_memory_of_a_table_is_that_of_its_list_of_files():
    size, table = allocated(lambda: synthetic(FILES, ROWS))
    assert table.rows == 10**9
    assert size < FILES * 300


def test_places_of_a_billion_rows_take_no_more_memory_than_those_of_a_million():
    positions = np.random.default_rng(1).integers(0, 2 * 10**6, 64)
    small, _ = allocated(lambda: samples_of(synthetic(20, ROWS)).places(positions))
    table = synthetic(FILES, ROWS)
    large, places = allocated(lambda: samples_of(table).places(positions * 1000))
    assert large < small + (FILES + 1) * 8 + (1 << 20)
    assert (places.epoch == positions * 1000 // 10**9).all()
    assert places.row.max() < 10**9


@pytest.mark.parametrize("rows", [10**6, 10**9, 10**12])
def test_a_place_anywhere_takes_milliseconds(rows):
    random, times = np.random.default_rng(2), []
    for position in random.integers(0, rows, 20).tolist():
        order = EpochOrder(rows, 7, position % 5)
        began = time.perf_counter()
        order.rows_at(np.array([position]))
        times.append(time.perf_counter() - began)
    assert np.median(times) < 0.05


def test_rows_are_found_in_their_files():
    table = synthetic(FILES, ROWS)
    rows = samples_of(table, shuffle=Shuffle(128, 64)).places(np.arange(10**9 - 4000, 10**9 + 4000)).row
    file = np.searchsorted(table.first, rows, side="right") - 1
    assert (table.first[file] <= rows).all()
    assert (rows < table.first[file + 1]).all()
    assert (file == rows // ROWS).all()
    assert table.path(int(file[0])).startswith("s3://bucket/lake/sequences_causal/split=train/part-")


def test_what_is_kept_of_footers_is_bounded(tmp_path):
    append(tmp_path, packed_rows(200), files=1)
    opened = open_table(str(tmp_path), "causal")
    [path], [size] = opened.paths, opened.sizes.tolist()
    for number in range(40):
        shutil.copy(f"{opened.location}/{path}", f"{opened.location}/copy-{number}")
    paths = tuple(f"copy-{number}" for number in range(40))
    many = replace(opened, paths=paths, sizes=np.full(40, size), counts=np.full(40, 200))
    reader = RowReader(many)
    reader._layouts, reader._metadata = (
        Recent(5000, size) for size in (lambda each: each.nbytes, reader._metadata._size)
    )
    reader.find(np.arange(many.rows))
    for kept in (reader._layouts, reader._metadata):
        assert 1 <= len(kept._held) < 10
        assert sum(map(kept._size, kept._held.values())) <= max(5000, *map(kept._size, kept._held.values()))
