"""A folder of pieces of files, up to a size, which several processes use at once.

A chunk is written under a temporary name and renamed, so no reader sees half of one, and ends with a checksum over its
bytes and its name. The chunks that were not read for longest are deleted when the folder would grow over its size. The
folder must lie on a local disk, where flock(2) holds for all processes.

    chunks/3f/3f0c…     a chunk
    locks/2a            held while a chunk is fetched: the other processes that want it wait, and find it
    size                bytes of all chunks; its lock is held while a chunk is added or others are deleted
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

import xxhash

_CHECKSUM = 8  # bytes
_LOCKS = 1024  # chunks that can be fetched at the same time
_KEPT = 0.9  # of the size, after chunks were deleted: deleting reads the whole folder, so it should be rare
_FORGOTTEN = 3600.0  # seconds after which a temporary file is that of a process that was killed
_POLL = 0.005  # seconds
_TEMPORARY = ".tmp"


class ChunkFolder:
    """Chunks by name: 32 hex digits that say of which file and place a chunk is.

    Args:
        folder: made at the first use.
        most: bytes of all chunks.
        patience: seconds to wait for another process before going on without it.
    """

    def __init__(self, folder: str, most: int, patience: float = 30.0) -> None:
        self._folder, self._most, self._patience = Path(folder), most, patience

    def load(self, name: str, length: int) -> bytes | None:
        """A chunk of `length` bytes; None if it is not there, or damaged."""
        path = self._path(name)
        try:
            whole = path.read_bytes()
            os.utime(path)
        except OSError:  # absent, or deleted by another process since
            return None
        data, checksum = whole[:-_CHECKSUM], whole[-_CHECKSUM:]
        return data if len(data) == length and checksum == _checksum(name, data) else None

    def store(self, name: str, data: bytes) -> None:
        """Adds a chunk.

        Raises:
            OSError: the disk is full, the folder cannot be written, or another process stands still with its lock.
        """
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._reserve(len(data) + _CHECKSUM)
        temporary = path.with_name(f"{name}.{os.getpid()}.{threading.get_ident()}{_TEMPORARY}")
        try:
            with open(temporary, "wb") as file:
                file.write(data)
                file.write(_checksum(name, data))
            os.replace(temporary, path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise

    @contextmanager
    def fetching(self, name: str) -> Iterator[None]:
        """While a chunk is fetched: waits until no other thread or process fetches it, or patience ends."""
        lock = self._folder / "locks" / f"{int(name[:8], 16) % _LOCKS:x}"
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        except OSError:  # a folder that cannot be written: `store` tells
            yield
            return
        try:
            _wait_for(descriptor, self._patience)
            yield
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        return self._folder / "chunks" / name[:2] / name

    def _reserve(self, size: int) -> None:
        """Adds to the size of the folder, and deletes chunks if it would be too large."""
        descriptor = os.open(self._folder / "size", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            if not _wait_for(descriptor, self._patience):
                raise TimeoutError(f"{self._folder}/size is locked by a process that stands still")
            text = os.pread(descriptor, 32, 0)
            total = int(text) + size if text.isdigit() else self._most + 1
            if total > self._most:
                total = self._delete_oldest(int(self._most * _KEPT) - size) + size
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d" % total, 0)
        finally:
            os.close(descriptor)

    def _delete_oldest(self, most: int) -> int:
        """Deletes the chunks that were not read for longest, until `most` bytes are left; returns what is left."""
        now, found, total = time.time(), [], 0
        for each in self._files():
            with suppress(FileNotFoundError):
                about = each.stat()
                total += about.st_size
                if each.name.endswith(_TEMPORARY):
                    if now - about.st_mtime > _FORGOTTEN:
                        total -= _deleted(each.path, about.st_size)
                else:
                    found.append((about.st_mtime_ns, each.path, about.st_size))
        for _, path, size in sorted(found):
            if total <= most:
                break
            total -= _deleted(path, size)
        return total

    def _files(self) -> Iterator[os.DirEntry[str]]:
        with suppress(FileNotFoundError), os.scandir(self._folder / "chunks") as folders:
            for folder in folders:
                with os.scandir(folder) as files:
                    yield from files


def _checksum(name: str, data: bytes) -> bytes:
    return xxhash.xxh3_64_digest(data, seed=int(name[:16], 16))


def _deleted(path: str, size: int) -> int:
    """Deletes a file; returns the bytes that this frees."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    return size


def _wait_for(descriptor: int, patience: float) -> bool:
    """Locks an open file; False if another process still has it after `patience` seconds.

    `flock` itself would wait without end for a process that was stopped.
    """
    until = time.monotonic() + patience
    while True:
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(_POLL)
        else:
            return True
