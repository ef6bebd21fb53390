"""Bytes of data files: mapped into memory where they are local, fetched in ranges where they are not."""

import io
import mmap
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
        """A buffer of uint8 that holds `width` bytes at each of (n,) sorted addresses, and (n,) their places in it."""

    def open(self, path: str, size: int) -> Any:
        """A file for pyarrow."""

    def footer(self, path: str, size: int) -> bytes:
        """The end of a file: at least what its last eight bytes say."""

    def each(self, function: Callable[[K], T], arguments: Sequence[K]) -> list[T]:
        """The results of a function that reads, for each argument in order."""


def file_bytes(location: str, ranges: "Callable[[Files], RangeReader] | None" = None) -> FileBytes:
    """What reads the files of a table.

    Args:
        location: of the table.
        ranges: reads ranges of remote files, for instance through a cache; by default straight from the store.
    """
    uri = LakeUri.parse(location)
    if uri.is_local:
        return LocalBytes()
    files = files_of(uri)
    return RemoteBytes(ranges(files) if ranges else files)


class RangeReader(Protocol):
    """Reads a range of a file, as `Files.read_range`."""

    def read_range(self, path: str, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop`."""


class LocalBytes:
    """Maps files into memory; no byte is copied before it is in a batch."""

    def __init__(self) -> None:
        self._mapped: Recent[np.ndarray] = Recent(_MAPPED, lambda mapped: 1)

    def rows(self, path: str, size: int, addresses: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """As `FileBytes.rows`: the whole file."""
        whole = self._map(path, size)
        if len(addresses) and addresses[-1] + width > size:
            raise FeedError(f"{path}: its footer speaks of byte {addresses[-1] + width:,}, it has {size:,}")
        return whole, addresses

    def open(self, path: str, size: int) -> Any:
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
    """Fetches ranges, several at a time."""

    def __init__(self, ranges: RangeReader) -> None:
        self._ranges = ranges
        self._requests = ThreadPoolExecutor(_REQUESTS, thread_name_prefix="tokenlake-feed")
        self._files = ThreadPoolExecutor(_REQUESTS, thread_name_prefix="tokenlake-feed-files")

    def rows(self, path: str, size: int, addresses: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """As `FileBytes.rows`: ranges that hold the rows, one after another."""
        starts, stops = coalesced(addresses, width, GAP)
        parts = list(self._requests.map(lambda at: self._range(path, *at), zip(starts, stops, strict=True)))
        buffer = np.frombuffer(b"".join(parts) if len(parts) != 1 else parts[0], np.uint8)
        before = np.cumsum(stops - starts) - (stops - starts)  # bytes of earlier ranges
        range_of = np.searchsorted(starts, addresses, side="right") - 1
        return buffer, addresses - starts[range_of] + before[range_of]

    def open(self, path: str, size: int) -> Any:
        """As `FileBytes.open`."""
        import pyarrow as pa

        return pa.PythonFile(_Ranges(lambda start, stop: self._range(path, start, stop), size), "r")

    def footer(self, path: str, size: int) -> bytes:
        """As `FileBytes.footer`; mostly one request."""
        end = self._range(path, max(0, size - (64 << 10)), size)
        needed = _footer_size(path, end[-8:])
        return end[-needed:] if needed <= len(end) else self._range(path, size - needed, size)

    def each(self, function: Callable[[K], T], arguments: Sequence[K]) -> list[T]:
        """As `FileBytes.each`, several at a time."""
        return list(self._files.map(function, arguments))

    def _range(self, path: str, start: int, stop: int) -> bytes:
        found = self._ranges.read_range(path, int(start), int(stop))
        require_size(path, int(start) + len(found), int(stop))
        return found


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
    """A remote file of which each read is one request."""

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self._read, self._size, self._at = read, size, 0

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
        found = self._read(self._at, stop) if stop > self._at else b""
        self._at += len(found)
        return found
