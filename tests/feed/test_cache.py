"""The local cache of remote bytes: bounded, shared, checked, and never needed."""

import errno
import logging
import multiprocessing
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.feed.cache import Cache, CachedRanges
from training.feed.chunk_folder import ChunkFolder
from training.feed.errors import FeedMisuseError

CHUNK = 1000
OVERHEAD = 8  # bytes of a chunk's checksum


class Store:
    """A folder as a remote store: it counts what is asked of it."""

    def __init__(self, folder, wait=None):
        self.folder, self.wait = folder, wait
        self.asked = []

    def read(self, path, size, start, stop):
        self.asked.append((path, start, stop))
        if self.wait:
            self.wait()
        with open(os.path.join(self.folder, path), "rb") as file:
            file.seek(start)
            return file.read(stop - start)


def content(size, seed=0):
    return np.random.default_rng(seed).bytes(size)


@pytest.fixture
def store(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "a").write_bytes(content(10_500, 1))
    (tmp_path / "store" / "b").write_bytes(content(10_500, 2))
    return Store(tmp_path / "store")


def chunks(folder):
    return sorted((Path(folder) / "chunks").rglob("*"), key=str) if Path(folder).exists() else []


def held(folder):
    return [each for each in chunks(folder) if each.is_file()]


def cached(store, tmp_path, size=1_000_000, of=""):
    return CachedRanges(store, Cache(str(tmp_path / "cache"), size, CHUNK), of)


def test_ranges_are_those_of_the_file_and_come_from_the_store_once(store, tmp_path):
    ranges, whole = cached(store, tmp_path), content(10_500, 1)
    for _ in range(2):
        for start, stop in ((0, 1), (999, 1001), (0, 10_500), (10_400, 10_500), (3000, 4000)):
            assert ranges.read("a", 10_500, start, stop) == whole[start:stop]
    assert sorted(store.asked) == [("a", at, min(at + CHUNK, 10_500)) for at in range(0, 10_500, CHUNK)]


def test_another_process_finds_what_this_one_fetched(store, tmp_path):
    cached(store, tmp_path).read("a", 10_500, 0, 10_500)
    asked = len(store.asked)
    assert cached(store, tmp_path).read("a", 10_500, 17, 9_000) == content(10_500, 1)[17:9_000]
    assert len(store.asked) == asked


def test_files_of_another_path_size_or_table_are_others(store, tmp_path):
    assert cached(store, tmp_path).read("a", 10_500, 0, 10) == content(10_500, 1)[:10]
    assert cached(store, tmp_path).read("b", 10_500, 0, 10) == content(10_500, 2)[:10]
    (store.folder / "a").write_bytes(content(10_501, 3))
    assert cached(store, tmp_path).read("a", 10_501, 0, 10) == content(10_501, 3)[:10]
    assert cached(store, tmp_path, of="made anew").read("a", 10_500, 0, 10) == content(10_501, 3)[:10]


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-1], lambda data: data + b"x", lambda data: b"", lambda data: bytes([data[0] ^ 1]) + data[1:]],
    ids=["cut short", "too long", "empty", "a bit changed"],
)
def test_a_damaged_chunk_is_fetched_again(store, tmp_path, damage):
    cached(store, tmp_path).read("a", 10_500, 0, CHUNK)
    [chunk] = held(tmp_path / "cache")
    chunk.write_bytes(damage(chunk.read_bytes()))
    assert cached(store, tmp_path).read("a", 10_500, 0, CHUNK) == content(10_500, 1)[:CHUNK]
    assert len(store.asked) == 2
    assert cached(store, tmp_path).read("a", 10_500, 0, CHUNK) == content(10_500, 1)[:CHUNK]
    assert len(store.asked) == 2


def test_a_chunk_under_the_name_of_another_is_fetched_again(store, tmp_path):
    cached(store, tmp_path).read("a", 10_500, 0, 2 * CHUNK)
    one, other = held(tmp_path / "cache")
    one.write_bytes(other.read_bytes())
    assert cached(store, tmp_path).read("a", 10_500, 0, 2 * CHUNK) == content(10_500, 1)[: 2 * CHUNK]
    assert len(store.asked) == 3


def test_a_file_that_ends_early_is_not_kept(store, tmp_path):
    assert cached(store, tmp_path).read("a", 20_000, 10_000, 11_000) == content(10_500, 1)[10_000:]
    assert held(tmp_path / "cache") == []


def test_the_folder_stays_below_its_size_and_keeps_what_was_read_last(store, tmp_path):
    size = 16 * CHUNK
    (store.folder / "a").write_bytes(whole := content(60 * CHUNK, 4))
    for number in range(60):
        for wanted in (0, number):  # a new reader each time: nothing is held in memory
            found = cached(store, tmp_path, size).read("a", len(whole), wanted * CHUNK, (wanted + 1) * CHUNK)
            assert found == whole[wanted * CHUNK : (wanted + 1) * CHUNK]
        assert sum(each.stat().st_size for each in held(tmp_path / "cache")) <= size
    assert 10 <= len(held(tmp_path / "cache")) <= 15
    asked = len(store.asked)
    for wanted in (59, 58, 57):
        cached(store, tmp_path, size).read("a", len(whole), wanted * CHUNK, (wanted + 1) * CHUNK)
    assert len(store.asked) == asked


def test_chunks_that_are_read_outlive_those_that_are_not(tmp_path):
    folder = ChunkFolder(str(tmp_path), 10 * (100 + OVERHEAD))
    names = [f"{number:032x}" for number in range(20)]
    for number, name in enumerate(names):
        folder.store(name, bytes(100))
        os.utime(tmp_path / "chunks" / name[:2] / name, ns=(number, number))
        if number >= 3:
            assert folder.load(names[3], 100) is not None
    assert folder.load(names[2], 100) is None
    assert folder.load(names[19], 100) is not None


def test_a_size_that_was_lost_is_counted_again(store, tmp_path):
    size = 16 * CHUNK
    (store.folder / "a").write_bytes(content(60 * CHUNK, 4))
    for number in range(60):
        cached(store, tmp_path, size).read("a", 60 * CHUNK, number * CHUNK, (number + 1) * CHUNK)
        (tmp_path / "cache" / "size").write_bytes((b"", b"nonsense", b"-5", b"99999999999999")[number % 4])
        assert sum(each.stat().st_size for each in held(tmp_path / "cache")) <= size


def test_what_a_killed_process_left_is_deleted_and_never_read(store, tmp_path):
    cached(store, tmp_path).read("a", 10_500, 0, CHUNK)
    [chunk] = held(tmp_path / "cache")
    half = chunk.with_name(f"{chunk.name}.1.1.tmp")
    half.write_bytes(chunk.read_bytes()[:500])
    chunk.unlink()
    os.utime(half, (0, 0))
    assert cached(store, tmp_path).read("a", 10_500, 0, CHUNK) == content(10_500, 1)[:CHUNK]
    (tmp_path / "cache" / "size").unlink()  # the next chunk makes the folder be read
    cached(store, tmp_path).read("a", 10_500, CHUNK, 2 * CHUNK)
    assert not half.exists()


def test_the_folder_may_be_deleted_at_any_time(store, tmp_path):
    import shutil

    ranges = cached(store, tmp_path)
    for start in range(0, 10_000, CHUNK):
        assert ranges.read("a", 10_500, start, start + 5) == content(10_500, 1)[start : start + 5]
        shutil.rmtree(tmp_path / "cache")
    assert cached(store, tmp_path).read("a", 10_500, 0, 5) == content(10_500, 1)[:5]


def test_threads_that_want_one_chunk_fetch_it_once(store, tmp_path):
    barrier = threading.Event()
    store.wait = lambda: barrier.wait(10)
    readers = [cached(store, tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        found = [pool.submit(readers[number % 4].read, "a", 10_500, number, CHUNK) for number in range(16)]
        barrier.set()
        whole = content(10_500, 1)[:CHUNK]
        assert [each.result() for each in found] == [whole[number:] for number in range(16)]
    assert len(store.asked) == 1


def test_a_process_that_stands_still_with_a_lock_is_not_waited_for_without_end(store, tmp_path):
    folder = ChunkFolder(str(tmp_path / "cache"), 1 << 20, patience=0.1)
    with folder.fetching("0" * 32), folder.fetching("0" * 32):
        pass  # the second one waited and went on


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_is_told_of_once_and_reading_goes_on(store, tmp_path, monkeypatch, caplog, code):
    def full(*arguments):
        raise OSError(code, os.strerror(code))

    ranges = cached(store, tmp_path)
    ranges.read("a", 10_500, 0, CHUNK)
    monkeypatch.setattr(os, "replace", full)
    with caplog.at_level(logging.WARNING):
        for start in range(0, 10_000, 500):
            assert ranges.read("a", 10_500, start, start + 700) == content(10_500, 1)[start : start + 700]
    [told] = caplog.records
    assert str(tmp_path / "cache") in told.getMessage()
    assert os.strerror(code) in told.getMessage()
    assert len(held(tmp_path / "cache")) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_disk_that_fills_up(store, tmp_path, caplog):
    import subprocess

    place = tmp_path / "cache"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        (store.folder / "a").write_bytes(whole := content(200 * CHUNK, 4))
        ranges = cached(store, tmp_path, 1 << 30)
        for start in range(0, len(whole), CHUNK):
            assert ranges.read("a", len(whole), start, start + CHUNK) == whole[start : start + CHUNK]
        assert [each.levelname for each in caplog.records] == ["WARNING"]
        assert "No space left on device" in caplog.text
        assert not [each for each in held(place) if each.name.endswith(".tmp")]
        assert cached(store, tmp_path).read("a", len(whole), 0, 100) == whole[:100]
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_folder_that_cannot_be_made_is_told_of_once(store, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    ranges = CachedRanges(store, Cache(str(tmp_path / "file" / "cache"), 1 << 20, CHUNK))
    assert ranges.read("a", 10_500, 0, 10_500) == content(10_500, 1)
    assert len(caplog.records) == 1


def read_all(folder, place, size, seed):
    """Reads ranges at random through a cache that is too small for all; returns how many were wrong."""
    random, store = np.random.default_rng(seed), Store(folder)
    ranges = CachedRanges(store, Cache(place, size, CHUNK))
    whole = Path(folder, "a").read_bytes()
    wrong = 0
    for start in random.integers(0, len(whole) - 3000, 300).tolist():
        stop = start + int(random.integers(1, 3000))
        wrong += ranges.read("a", len(whole), start, stop) != whole[start:stop]
    return wrong


def test_processes_share_a_small_folder_and_read_what_is_right(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "a").write_bytes(content(100 * CHUNK, 5))
    size = 20 * CHUNK
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        work = [(str(tmp_path / "store"), str(tmp_path / "cache"), size, seed) for seed in range(6)]
        assert pool.starmap(read_all, work, chunksize=1) == [0] * 6
    in_flight = 3 * (CHUNK + OVERHEAD)  # counted before it is written, by the process that deletes not
    assert sum(each.stat().st_size for each in held(tmp_path / "cache")) <= size + in_flight


def test_it_can_be_pickled(store, tmp_path):
    ranges = cached(store, tmp_path)
    ranges.read("a", 10_500, 0, 10)
    copied = pickle.loads(pickle.dumps(ranges))
    assert copied.read("a", 10_500, 5, 10_000) == content(10_500, 1)[5:10_000]


@pytest.mark.parametrize(("size", "chunk"), [(0, CHUNK), (15 * CHUNK, CHUNK), (1 << 20, 0)])
def test_a_cache_that_is_too_small_is_refused(tmp_path, size, chunk):
    with pytest.raises(FeedMisuseError, match="give it at least 16 chunks"):
        Cache(str(tmp_path), size, chunk)


@settings(max_examples=40)
@given(st.integers(1, 3000), st.integers(100, 700), st.data())
def test_any_range_in_chunks_of_any_size(tmp_path_factory, size, chunk, data):
    folder = tmp_path_factory.mktemp("any")
    (folder / "a").write_bytes(whole := content(size, size))
    ranges = CachedRanges(Store(folder), Cache(str(folder / "cache"), 64 * chunk, chunk))
    for _ in range(4):
        start = data.draw(st.integers(0, size - 1))
        stop = data.draw(st.integers(start + 1, size))
        assert ranges.read("a", size, start, stop) == whole[start:stop]
