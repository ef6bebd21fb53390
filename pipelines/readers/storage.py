"""Bytes of input files: local, on any fsspec file system, or inside a zip archive."""

import os
import struct
import zipfile
from functools import lru_cache
from typing import BinaryIO

from pipelines.errors import TokenlakeError
from pipelines.readers.record import InputFile, ReadStatistics, Reason, storable
from pipelines.storage.fsspec_files import file_system
from pipelines.storage.storage import files_of
from pipelines.storage.uri import LakeUri, is_local

BLOCK = 256 << 10


class ReadError(TokenlakeError):
    """Bytes that cannot be read or decoded; readers turn it into a reject."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def reason_of(error: Exception) -> tuple[Reason, str]:
    """(reason, detail) of the reject for what a reader, or a library that it uses, has raised."""
    if isinstance(error, ReadError):
        return error.reason, error.detail
    said = f"{type(error).__name__}: {error}".splitlines()[0][:500]
    return Reason.UNREADABLE if isinstance(error, OSError) else Reason.READER_FAILED, storable(said)


def open_location(location: str) -> tuple[BinaryIO, int]:
    """(seekable stream, size) of a physical file.

    Raises:
        ReadError: it cannot be opened.
    """
    try:
        if is_local(location):
            stream = open(location, "rb")  # noqa: SIM115 - the caller closes it
            return stream, os.fstat(stream.fileno()).st_size
        files = files_of(LakeUri.parse(location))
        return files.open(location), files.size(location)  # type: ignore[return-value]
    except (MemoryError, ImportError):
        raise
    except Exception as error:  # file systems have no common base of their exceptions
        detail = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ReadError(Reason.UNREADABLE, storable(detail)) from error


def archive(location: str) -> zipfile.ZipFile:
    """An opened zip archive; its directory is read once for all the members a task reads.

    Raises:
        ReadError, zipfile.BadZipFile: it cannot be opened, or is no zip archive.
    """
    return _archive(location, _identity(location))


@lru_cache(maxsize=2)
def _archive(location: str, identity: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(open_location(location)[0])


def _identity(location: str) -> str:
    """Changes with the file, because a worker process may serve several runs."""
    if is_local(location):
        status = os.stat(location)
        return f"{status.st_ino} {status.st_size} {status.st_mtime_ns}"
    files, path = file_system(location)
    return str(files.ukey(path))


def open_member(location: str, index: int, uri: str) -> tuple[BinaryIO, int]:
    """(stream, uncompressed size) of the archive's member with this index, which must still be the one `uri` names.

    Raises:
        ReadError: the archive has changed, or the member cannot be opened.
    """
    try:
        container = archive(location)
        members = container.infolist()
        if index >= len(members) or storable_path(members[index].filename) not in uri:
            raise ReadError(Reason.CHANGED, "the archive's directory has changed since it was listed; run again")
        return container.open(members[index]), members[index].file_size  # type: ignore[return-value]
    except NotImplementedError as error:
        raise ReadError(Reason.UNSUPPORTED, f"zip: {error}") from error
    except RuntimeError as error:  # what zipfile raises for encrypted members
        raise ReadError(Reason.UNSUPPORTED, f"zip: {error}") from error
    except (zipfile.BadZipFile, struct.error, ValueError) as error:
        raise ReadError(Reason.CORRUPT, f"zip: {error}") from error


class Source:
    """Random access to an input file through one cached block; reading forward never seeks back."""

    def __init__(self, stream: BinaryIO, size: int, statistics: ReadStatistics) -> None:
        self.stream, self.size, self._statistics = stream, size, statistics
        self._block, self._base = b"", 0  # a piece of the file, and where it starts

    def at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`; fewer only at the end of the file.

        Raises:
            ReadError: the storage or the archive fails.
        """
        begin = offset - self._base
        if begin < 0 or begin + count > len(self._block):
            self._load(offset, count)
            begin = offset - self._base
        return self._block[begin : begin + count]

    def _load(self, offset: int, count: int) -> None:
        kept = self._block[offset - self._base :] if 0 <= offset - self._base <= len(self._block) else b""
        if self._base + len(self._block) >= self.size and kept:
            return
        fresh = self._read(offset + len(kept), max(count, BLOCK) - len(kept))
        self._block, self._base = kept + fresh, offset

    def _read(self, offset: int, count: int) -> bytes:
        try:
            if self.stream.tell() != offset:
                self.stream.seek(offset)
            data = self.stream.read(count)
        except EOFError as error:
            raise ReadError(Reason.TRUNCATED, "zip: compressed data ends before its end") from error
        except MemoryError:
            raise
        except Exception as error:  # decompressors and file systems have no common base of their exceptions
            if isinstance(self.stream, zipfile.ZipExtFile) and getattr(error, "errno", None) is None:
                raise ReadError(Reason.CORRUPT, f"zip: {error}") from error
            raise ReadError(Reason.UNREADABLE, str(error) or type(error).__name__) from error
        self._statistics.bytes += len(data)
        return data

    def close(self) -> None:
        """Closes the stream."""
        self.stream.close()

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_source(file: InputFile, statistics: ReadStatistics) -> Source:
    """The bytes of an input file, checked to be as long as when it was listed.

    Raises:
        ReadError: it vanished, cannot be read, or has changed.
    """
    if file.member >= 0:
        stream, size = open_member(file.location, file.member, file.uri)
    else:
        stream, size = open_location(file.location)
    if size != file.size:
        stream.close()
        raise ReadError(Reason.CHANGED, f"{size} bytes, but {file.size} when it was listed; run again")
    return Source(stream, size, statistics)


def storable_path(path: str) -> str:
    """The path as text that can be stored: bytes of file names outside UTF-8 become `\\xNN`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
