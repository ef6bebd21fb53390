"""Bytes of files by ranges: what is asked for, in few requests, from any storage."""

import multiprocessing
import pickle
import uuid
from dataclasses import replace

import fsspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequence_tables import CAUSAL, append, packed_rows
from test_rows import FORMATS, made, rows_of, same

from pipelines.storage.storage import Storage
from training.feed.cache import Cache, through_cache
from training.feed.errors import FeedError
from training.feed.file_bytes import GAP, RemoteBytes, coalesced, file_bytes
from training.feed.row_reader import RowReader, read_rows
from training.feed.table import open_table


class Counted:
    """Bytes in memory; lists what was asked for."""

    def __init__(self, data):
        self.data, self.asked = data, []

    def read(self, path, size, start, stop):
        self.asked.append((start, stop))
        return self.data[start:stop]


addresses = st.lists(st.integers(0, 300_000), min_size=1, max_size=40)


@given(addresses, st.integers(1, 3000), st.integers(0, 50_000))
def test_ranges_hold_all_values_and_lie_apart(at, width, gap):
    at = np.array(sorted(at))
    starts, stops = coalesced(at, width, gap)
    inside = (starts <= at[:, None]) & (at[:, None] + width <= stops)
    assert (inside.sum(1) == 1).all()
    assert (starts[1:] - stops[:-1] > gap).all()
    assert set(starts.tolist()) <= set(at.tolist())
    assert set((stops - width).tolist()) <= set(at.tolist())


@given(addresses, st.integers(1, 3000))
def test_remote_values_are_those_of_the_file(at, width):
    data = np.random.default_rng(1).bytes(310_000)
    store = Counted(data)
    buffer, places = RemoteBytes(store).rows("a", len(data), np.array(at), width)
    found = [buffer[place : place + width].tobytes() for place in places.tolist()]
    assert found == [data[each : each + width] for each in at]
    assert len(store.asked) <= 1 + sum(np.diff(sorted(at)) > width + GAP)


@given(st.integers(0, 200_000), st.integers(0, 1000))
def test_a_footer_is_one_request_if_it_is_short(length, before):
    end = np.random.default_rng(2).bytes(length) + length.to_bytes(4, "little") + b"PAR1"
    store = Counted(bytes(before) + end)
    footer = RemoteBytes(store).footer("a", before + len(end))
    assert footer[-len(end) :] == end
    assert len(store.asked) == (1 if len(end) <= 64 << 10 else 2)


def test_a_file_for_pyarrow_seeks_and_reads_to_its_end():
    data = np.random.default_rng(3).bytes(10_000)
    opened = RemoteBytes(Counted(data)).open("a", len(data))
    opened.seek(-100, 2)
    assert opened.read() == data[-100:]
    opened.seek(5)
    assert opened.read(10) == data[5:15]
    assert opened.tell() == 15
    assert opened.size() == len(data)


def moved(root, table):
    """The same table with its files in fsspec's memory."""
    lake = f"memory://{uuid.uuid4().hex}/lake"
    storage = Storage(f"{lake}/{table.name}")
    for path in table.paths:
        storage.write_bytes(path, (root / table.name / path).read_bytes())
    return replace(table, lake=lake)


@FORMATS
@pytest.mark.parametrize("cached", [False, True])
def test_files_that_fsspec_reads(tmp_path, described, cached):
    made(tmp_path / "lake", described, (300, 50))
    table = open_table(str(tmp_path / "lake"), "causal")
    expected = rows_of(table.location, table.paths)
    remote = moved(tmp_path / "lake", table)
    [data] = through_cache([remote], Cache(str(tmp_path / "cache"), 64 << 20) if cached else None)
    numbers = np.random.default_rng(4).permutation(table.rows)
    found = read_rows([RowReader(remote, data)], np.zeros(len(numbers), np.int64), numbers)
    same(found, [expected[number] for number in numbers.tolist()], described)
    assert (tmp_path / "cache" / "chunks").exists() == cached


def test_a_remote_file_that_is_gone_is_named(tmp_path):
    append(tmp_path, packed_rows(10))
    remote = moved(tmp_path, open_table(str(tmp_path), "causal"))
    fsspec.filesystem("memory").rm(f"{remote.location.removeprefix('memory:/')}", recursive=True)
    with pytest.raises(FeedError, match=r"memory://.*parquet: this file of version 0 is gone"):
        RowReader(remote).find(np.arange(3))


def test_a_local_table_takes_no_cache(tmp_path):
    append(tmp_path, packed_rows(10))
    assert through_cache([open_table(str(tmp_path), "causal")], Cache(str(tmp_path / "cache"), 64 << 20)) == [None]


def test_a_remote_reader_can_be_pickled():
    data = np.random.default_rng(5).bytes(1000)
    reader = RemoteBytes(Counted(data))
    reader.rows("a", 1000, np.array([3]), 10)
    buffer, _ = pickle.loads(pickle.dumps(reader)).rows("a", 1000, np.array([3]), 10)
    assert buffer.tobytes() == data[3:13]


def read_after_fork(reader, results):
    results.put(reader.rows("a", 1000, np.array([3]), 10)[0].tobytes())


def test_a_remote_reader_works_after_a_fork():
    data = np.random.default_rng(5).bytes(1000)
    reader = RemoteBytes(Counted(data))
    reader.rows("a", 1000, np.array([3]), 10)
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    child = context.Process(target=read_after_fork, args=(reader, results))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert results.get() == data[3:13]


def test_where_files_lie_says_how_they_are_read(tmp_path):
    assert type(file_bytes(str(tmp_path))).__name__ == "LocalBytes"
    assert type(file_bytes("memory://somewhere/lake")).__name__ == "RemoteBytes"
    assert CAUSAL.has_fixed_width
