"""Objects of S3, Google Cloud Storage and Azure Blob Storage, through `obstore`.

An object is written whole or not at all. `create` is a conditional put (`If-None-Match: *`; RFC 9110, 13.1.2), which
makes a file of Delta's log a commit: of several writers one succeeds.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from typing import IO, Any, ParamSpec, TypeVar, cast

from pipelines.storage.environment import client_options, prepare
from pipelines.storage.errors import StorageError, said, says_absent
from pipelines.storage.files import Entry
from pipelines.storage.repeating import repeated
from pipelines.storage.uri import LakeUri

P = ParamSpec("P")
T = TypeVar("T")

READ_AHEAD = 1 << 20
"""Bytes of the smallest request of an open object: footers and short pages come with one."""

PART = 8 << 20
"""Bytes of a part of a multipart upload; smaller objects are one put."""

RETRIES: Any = {"max_retries": 12, "retry_timeout": timedelta(minutes=3)}
"""A store that answers 5xx or 429, or not at all, is asked again with growing pauses for this long."""


class ObjectFiles:
    """Implements `Files`."""

    @repeated
    def entries(self, path: str, begin: str = "") -> list[Entry]:
        """As `Files.entries`."""
        import obstore

        store, key = _located(path)
        objects: Sequence[Any]
        with _translated(path):
            if begin:  # a listing by folders cannot begin anywhere
                listed = obstore.list(store, f"{key}/", offset=f"{key}/{begin}", chunk_size=1000).collect()
                inner = (one["path"][len(key) + 1 :] for one in listed)
                folders = [Entry(name.partition("/")[0], True) for name in inner if "/" in name]
                objects = [one for one in listed if "/" not in one["path"][len(key) + 1 :]]
            else:
                found = obstore.list_with_delimiter(store, f"{key}/" if key else None)
                folders, objects = (
                    [Entry(_last(prefix), True) for prefix in found["common_prefixes"]],
                    found["objects"],
                )
        files = [
            Entry(_last(one["path"]), False, one["size"], one["last_modified"].timestamp())
            for one in objects
            if one["path"] != key  # a marker that some tools write for a folder
        ]
        return sorted({entry.name: entry for entry in (*folders, *files)}.values(), key=lambda entry: entry.name)

    def exists(self, path: str) -> bool:
        """As `Files.exists`."""
        try:
            self.size(path)
        except FileNotFoundError:
            return bool(self.entries(path))
        return True

    @repeated
    def read(self, path: str) -> bytes:
        """As `Files.read`."""
        import obstore

        store, key = _located(path)
        with _translated(path):
            return bytes(obstore.get(store, key).bytes())

    @repeated
    def write(self, path: str, data: bytes) -> None:
        """As `Files.write`."""
        self._put(path, data, "overwrite")

    def create(self, path: str, data: bytes) -> None:
        """As `Files.create`."""
        self._put(path, data, "create")

    @repeated
    def read_version(self, path: str) -> tuple[bytes, Any]:
        """(content, version) of a file; the version is for `replace`.

        Raises:
            FileNotFoundError: there is no such file.
        """
        import obstore

        store, key = _located(path)
        with _translated(path):
            found = obstore.get(store, key)
            return bytes(found.bytes()), _version(found.meta)

    def replace(self, path: str, data: bytes, version: Any) -> Any:
        """Writes a file if it still has this version; returns the new one.

        Raises:
            FileExistsError: another has written it since, or deleted it.
        """
        return _version(self._put(path, data, version))

    def _put(self, path: str, data: bytes, mode: Any) -> Any:
        import obstore

        store, key = _located(path)
        with _translated(path):
            return obstore.put(store, key, data, mode=mode, use_multipart=len(data) > PART and mode == "overwrite")

    @repeated
    def delete(self, path: str) -> None:
        """As `Files.delete`."""
        import obstore

        store, key = _located(path)
        with _translated(path):
            for batch in obstore.list(store, f"{key}/", chunk_size=1000):
                obstore.delete(store, [one["path"] for one in batch])
        with suppress(FileNotFoundError), _translated(path):  # of an absent object some stores tell, S3 does not
            obstore.delete(store, key)

    def open(self, path: str) -> IO[bytes]:
        """As `Files.open`."""
        return cast(IO[bytes], io.BufferedReader(_Reader(path, self.size(path)), READ_AHEAD))

    def open_new(self, path: str) -> IO[bytes]:
        """As `Files.open_new`."""
        return cast(IO[bytes], _Writer(path))

    @repeated
    def size(self, path: str) -> int:
        """As `Files.size`."""
        import obstore

        store, key = _located(path)
        if not key:
            raise FileNotFoundError(f"{path}: a bucket is no object")  # stores answer in many ways
        with _translated(path):
            return int(obstore.head(store, key)["size"])

    @repeated
    def read_range(self, path: str, start: int, stop: int) -> bytes:
        """As `Files.read_range`."""
        import obstore

        store, key = _located(path)
        with _translated(path):
            return bytes(obstore.get_range(store, key, start=start, end=stop))


class _Reader(io.RawIOBase):
    """An object as a file: each read is one ranged request."""

    def __init__(self, path: str, size: int) -> None:
        self._path, self._size, self._at = path, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    @repeated
    def readinto(self, buffer: Any) -> int:
        import obstore

        count = min(len(buffer), self._size - self._at)
        if count <= 0:
            return 0
        store, key = _located(self._path)
        with _translated(self._path):
            data = obstore.get_range(store, key, start=self._at, length=count)
        buffer[:count] = memoryview(data)
        self._at += count
        return count

    def readall(self) -> bytes:
        """The rest, in one request: the default asks for 8 KiB at a time."""
        rest = bytearray(max(self._size - self._at, 0))
        self.readinto(rest)
        return bytes(rest)


class _Writer(io.RawIOBase):
    """A new object: it is there once `close` returns. `discard` leaves none."""

    def __init__(self, path: str) -> None:
        import obstore

        store, key = _located(path)
        self._path, self._at = path, 0
        self._stream: Any = obstore.open_writer(store, key, buffer_size=PART)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        whole = memoryview(data).cast("B")  # Arrow's IPC writer gives signed bytes, which the library refuses
        with _translated(self._path):
            self._stream.write(whole)
        self._at += len(whole)
        return len(whole)

    def close(self) -> None:
        if not self.closed:
            stream, self._stream = self._stream, None
            super().close()
            if stream is not None:
                with _translated(self._path):
                    stream.close()

    def discard(self) -> None:
        """Closes without writing the object."""
        self._stream = None
        super().close()

    def __del__(self) -> None:
        """A stream that is dropped without being closed writes no object, unlike what io.IOBase does."""
        self.discard()


def _version(of: Any) -> dict[str, str]:
    """What tells a version of an object from others, in the form that a conditional put takes."""
    return {name: of[name] for name in ("e_tag", "version") if of.get(name)}


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _located(path: str) -> tuple[Any, str]:
    uri = LakeUri.parse(path)
    return store(uri.scheme, uri.bucket), uri.key


@cache
def store(scheme: str, bucket: str) -> Any:
    """The `obstore` store of a bucket. One for a process: it holds connections and credentials, and renews both."""
    from obstore.store import from_url

    prepare()
    try:
        return from_url(f"{scheme}://{bucket}", retry_config=RETRIES, client_options=client_options())
    except Exception as error:
        raise StorageError(f"{scheme}://{bucket}: {said(error)}") from error


@contextmanager
def _translated(path: str) -> Iterator[None]:
    """Errors of the store as Python's own, or with a message that says what to do."""
    from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PreconditionError

    try:
        yield
    except (FileNotFoundError, NotFoundError) as error:
        if not says_absent(error):
            raise StorageError.of(path, error) from None
        raise FileNotFoundError(path) from None
    except (AlreadyExistsError, PreconditionError):
        raise FileExistsError(path) from None
    except (BaseError, OSError) as error:
        raise StorageError.of(path, error) from None
