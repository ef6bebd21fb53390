"""A local cache of remote data files, shared by the processes of a machine.

Files are kept in chunks of fixed size. A range that is asked for brings the whole chunks that it touches, one request
each, and all ranks, workers and epochs on the machine find them afterwards.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

from training.feed.chunk_folder import ChunkFolder
from training.feed.errors import FeedMisuseError
from training.feed.file_bytes import FileBytes, RangeReader, file_bytes
from training.feed.recent import Recent
from training.feed.table import SequenceTable

CHUNK = 1 << 20
"""Bytes of a chunk: an object store sends as many in about the time in which it begins to answer."""

_LEAST_CHUNKS = 16
_HELD = 32 << 20  # bytes in memory: of one chunk, several ranges are asked for in turn

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cache:
    """Where remote bytes are kept.

    Args:
        folder: on a local disk. Several processes, jobs and tables may share it; it can be deleted at any time.
        size: the most bytes of all chunks; what was not read for longest is deleted.
        chunk: bytes of a chunk.
    """

    folder: str
    size: int
    chunk: int = CHUNK

    def __post_init__(self) -> None:
        if self.chunk < 1 or self.size < _LEAST_CHUNKS * self.chunk:
            raise FeedMisuseError(
                f"a cache of {self.size:,} bytes in chunks of {self.chunk:,}: give it at least {_LEAST_CHUNKS} chunks"
            )


class CachedRanges:
    """Reads ranges through a cache. It can be pickled; copies share the folder.

    A folder that cannot be written, or whose disk is full, is told of once; then bytes come from the store alone.

    Args:
        ranges: reads what is not in the cache.
        cache: where.
        of: names the table; files with one path in two tables are two files.
    """

    def __init__(self, ranges: RangeReader, cache: Cache, of: str = "") -> None:
        self._made_of = (ranges, cache, of)
        self._ranges, self._cache, self._of = ranges, cache, of
        self._folder: ChunkFolder | None = ChunkFolder(cache.folder, cache.size)
        self._held: Recent[bytes] = Recent(_HELD, len)

    def __reduce__(self) -> tuple[type["CachedRanges"], tuple[RangeReader, Cache, str]]:
        return CachedRanges, self._made_of

    def read(self, path: str, size: int, start: int, stop: int) -> bytes:
        """As `RangeReader.read`."""
        if self._folder is None:
            return self._ranges.read(path, size, start, stop)
        first = start // self._cache.chunk
        chunks = [self._chunk(path, size, number) for number in range(first, -(-stop // self._cache.chunk))]
        whole = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return whole[start - first * self._cache.chunk : stop - first * self._cache.chunk]

    def _chunk(self, path: str, size: int, number: int) -> bytes:
        name = blake2b(f"{self._of} {path} {size} {self._cache.chunk} {number}".encode(), digest_size=16).hexdigest()
        return self._held.get(name, lambda: self._found_or_fetched(name, path, size, number))

    def _found_or_fetched(self, name: str, path: str, size: int, number: int) -> bytes:
        start = number * self._cache.chunk
        stop = min(size, start + self._cache.chunk)
        folder = self._folder
        found = folder.load(name, stop - start) if folder else None
        if found is not None:
            return found
        if folder is None:
            return self._ranges.read(path, size, start, stop)
        with folder.fetching(name):
            found = folder.load(name, stop - start)  # another process may have fetched it meanwhile
            if found is None:
                found = self._ranges.read(path, size, start, stop)
                if len(found) == stop - start:
                    self._store(folder, name, found)
        return found

    def _store(self, folder: ChunkFolder, name: str, data: bytes) -> None:
        try:
            folder.store(name, data)
        except OSError as error:
            if self._folder is not None:
                _log.warning("%s: the cache cannot be used; reading goes on without it: %s", self._cache.folder, error)
            self._folder = None


def through_cache(tables: Sequence[SequenceTable], cache: Cache | None) -> list[FileBytes | None]:
    """What reads the files of each table: through the cache where they are remote; None as without a cache."""
    return [
        None
        if cache is None or table.is_local
        else file_bytes(table.location, partial(CachedRanges, cache=cache, of=table.table_id))
        for table in tables
    ]
