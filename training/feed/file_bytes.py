"""Bytes of data files: mapped into memory where they are local, fetched in ranges where they are not."""

import io
import mmap
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from pipelines.storage.files import Files
from pipelines.storage.storage import files_of
from pipelines.storage.uri import LakeUri
from training.feed.errors import FeedError
from training.feed.recent import Recent

T = TypeVar("T")
K = TypeVar("K")

GAP = 32 << 10
"""Ranges that are no farther apart are fetched as one: a request costs as much as some ten kilobytes."""

_REQUESTS = 32  # at a time
_MAPPED = 512  # files at a time


class FileBytes(Protocol):
    """Reads data files of one kind of storage."""

    def rows(self, path: str, size: int, addresses: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """A buffer of uint8 that holds `width` bytes at each of (n,) addresses, and (n,) their places in it."""

    def open(self, path: str, size: int, ranges: Sequence[tuple[int, int]] = ()) -> Any:
        """A file for pyarrow, of which (start, stop) ranges will be read for certain."""

    def footer(self, path: str, size: int) -> bytes:
        """The end of a file: at least what its last eight bytes say."""

    def each(self, function: Callable[[K], T], arguments: Sequence[K]) -> list[T]:
        """The results of a function that reads, for each argument in order."""


class RangeReader(Protocol):
    """Reads ranges of remote files."""

    def read(self, path: str, size: int, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` of a file of `size` bytes; fewer where it ends before.

        Raises:
            FileNotFoundError: there is no such file.
        """


@dataclass(frozen=True)
class StoredRanges:
    """Reads each range straight from the store, in one request."""

    files: Files

    def read(self, path: str, size: int, start: int, stop: int) -> bytes:
        """As `RangeReader.read`."""
        return self.files.read_range(path, start, stop)


def file_bytes(location: str, through: Callable[[RangeReader], RangeReader] | None = None) -> FileBytes:
    """What reads the files of a table.

    Args:
        location: of the table.
        through: what ranges of remote files pass through, for instance a cache.
    """
    uri = LakeUri.parse(location)
    if uri.is_local:
        return LocalBytes()
    stored = StoredRanges(files_of(uri))
    return RemoteBytes(through(stored) if through else stored)


class LocalBytes:
    """Maps files into memory; no byte is copied before it is in a batch."""

    def __init__(self) -> None:
        self._mapped: Recent[np.ndarray] = Recent(_MAPPED, lambda mapped: 1)

    def rows(self, path: str, size: int, addresses: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """As `FileBytes.rows`: the whole file."""
        whole = self._map(path, size)
        end = int(addresses.max()) + width
        if end > size:
            raise FeedError(f"{path}: its footer speaks of byte {end:,}, it has {size:,}")
        return whole, addresses

    def open(self, path: str, size: int, ranges: Sequence[tuple[int, int]] = ()) -> Any:
        """As `FileBytes.open`."""
        import pyarrow as pa

        return pa.BufferReader(pa.py_buffer(self._map(path, size)))

    def footer(self, path: str, size: int) -> bytes:
        """As `FileBytes.footer`."""
        whole = self._map(path, size)
        return whole[-_footer_size(path, whole[-8:].tobytes()) :].tobytes()

    def each(self, function: Callable[[K], T], arguments: Sequence[K]) -> list[T]:
        """As `FileBytes.each`."""
        return [function(argument) for argument in arguments]

    def _map(self, path: str, size: int) -> np.ndarray:
        """(size,) uint8.

        Raises:
            FeedError: the file has another size than the log says.
        """
        return self._mapped.get(path, lambda: _mapped(path, size))


def _mapped(path: str, size: int) -> np.ndarray:
    with open(path, "rb") as stream:
        require_size(path, os.fstat(stream.fileno()).st_size, size)
        return np.frombuffer(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)


class RemoteBytes:
    """Fetches ranges, several at a time. It can be pickled, and used after a fork."""

    def __init__(self, ranges: RangeReader) -> None:
        self._ranges = ranges
        self._threads = _Threads()

    def __reduce__(self) -> tuple[type["RemoteBytes"], tuple[RangeReader]]:
        return RemoteBytes, (self._ranges,)

    def rows(self, path: str, size: int, addresses: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """As `FileBytes.rows`: ranges that hold the rows, one after another."""
        starts, stops = coalesced(np.sort(addresses), width, GAP)
        ranges = zip(starts.tolist(), stops.tolist(), strict=True)
        parts = list(self._threads.requests.map(lambda at: self._range(path, size, *at), ranges))
        buffer = np.frombuffer(b"".join(parts) if len(parts) != 1 else parts[0], np.uint8)
        before = np.cumsum(stops - starts) - (stops - starts)  # bytes of earlier ranges
        range_of = np.searchsorted(starts, addresses, side="right") - 1
        return buffer, addresses - starts[range_of] + before[range_of]

    def open(self, path: str, size: int, ranges: Sequence[tuple[int, int]] = ()) -> Any:
        """As `FileBytes.open`: the ranges are fetched at once."""
        import pyarrow as pa

        inside = [(start, stop) for start, stop in ranges if 0 <= start < stop <= size]  # a footer can be damaged
        held = dict(
            zip(inside, self._threads.requests.map(lambda at: self._range(path, size, *at), inside), strict=True)
        )
        return pa.PythonFile(_Ranges(lambda start, stop: self._range(path, size, start, stop), size, held), "r")

    def footer(self, path: str, size: int) -> bytes:
        """As `FileBytes.footer`; mostly one request."""
        end = self._range(path, size, max(0, size - (64 << 10)), size)
        needed = _footer_size(path, end[-8:])
        return end[-needed:] if needed <= len(end) else self._range(path, size, size - needed, size)

    def each(self, function: Callable[[K], T], arguments: Sequence[K]) -> list[T]:
        """As `FileBytes.each`, several at a time."""
        return list(self._threads.files.map(function, arguments))

    def _range(self, path: str, size: int, start: int, stop: int) -> bytes:
        found = self._ranges.read(path, size, start, stop)
        require_size(path, start + len(found), stop)
        return found


class _Threads:
    """The threads of this process: a fork leaves them behind."""

    def __init__(self) -> None:
        self._process = -1

    @property
    def requests(self) -> ThreadPoolExecutor:
        """Each makes one request."""
        self._begin()
        return self._requests

    @property
    def files(self) -> ThreadPoolExecutor:
        """Each reads one file, and waits for requests."""
        self._begin()
        return self._files

    def _begin(self) -> None:
        if self._process != os.getpid():
            self._requests = ThreadPoolExecutor(_REQUESTS, thread_name_prefix="tokenlake-feed-request")
            self._files = ThreadPoolExecutor(_REQUESTS, thread_name_prefix="tokenlake-feed-file")
            self._process = os.getpid()


def coalesced(addresses: np.ndarray, width: int, gap: int) -> tuple[np.ndarray, np.ndarray]:
    """(n,) sorted addresses of `width` bytes each -> (r,) starts and (r,) stops of ranges that hold them all."""
    far = np.flatnonzero(addresses[1:] - addresses[:-1] > width + gap)
    starts = addresses[np.concatenate(([0], far + 1))]
    stops = addresses[np.concatenate((far, [len(addresses) - 1]))] + width
    return starts, stops


def require_size(path: str, found: int, logged: int) -> None:
    """Requires that a file has as many bytes as Delta's log says.

    Raises:
        FeedError: it has not.
    """
    if found != logged:
        raise FeedError(
            f"{path}: ends at byte {found:,}, Delta's log says {logged:,}: it was changed or cut after the commit. "
            "Restore it from a backup, or pack the table again"
        )


def _footer_size(path: str, end: bytes) -> int:
    """Bytes of a Parquet file's footer, the last eight included."""
    if end[-4:] != b"PAR1":
        raise FeedError(f"{path}: does not end as a Parquet file does; restore it, or pack the table again")
    return int.from_bytes(end[:4], "little") + 8


class _Ranges(io.RawIOBase):
    """A remote file of which each read is one request, if no range that is held has the bytes."""

    def __init__(self, read: Callable[[int, int], bytes], size: int, held: Mapping[tuple[int, int], bytes]) -> None:
        self._read, self._size, self._at, self._held = read, size, 0, held

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        stop = self._size if size < 0 else min(self._at + size, self._size)
        found = self._bytes(self._at, stop) if stop > self._at else b""
        self._at += len(found)
        return found

    def _bytes(self, start: int, stop: int) -> bytes:
        for (begin, end), part in self._held.items():
            if begin <= start and stop <= end:
                return part[start - begin : stop - begin]
        return self._read(start, stop)
