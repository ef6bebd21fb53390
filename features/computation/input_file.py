"""Files that people keep and features are computed from: glossaries, clients, bitext."""

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from pipelines.errors import MisuseError
from pipelines.storage.fsspec_files import file_system

_PIECE = 1 << 20


class InputFileError(MisuseError, ValueError):
    """A file cannot be used, or a row of it; the message names the file and, of a row, the line."""


@dataclass(frozen=True)
class InputFile:
    """A file as it was found."""

    path: str
    digest: str  # of its bytes
    modified: datetime  # in UTC

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            InputFileError: it has changed since it was found.
        """
        with _opened(self.path) as stream:
            content = stream.read()
        if _digest([content]) != self.digest:
            raise InputFileError(f"{self.path}: the file changed while it was read; run the command again")
        return content

    @contextmanager
    def content(self, member: str | None = None) -> Iterator[IO[bytes]]:
        """A stream of what it holds, decompressed as its name says.

        Args:
            member: of a .zip; None: the only file in it.

        Raises:
            InputFileError: it is not what its name says, or has no such member, or several and none is named.
        """
        with _opened(self.path) as stream:
            try:
                if self.path.endswith(".gz"):
                    yield io.BufferedReader(gzip.GzipFile(fileobj=stream), _PIECE)
                elif self.path.endswith(".zip"):
                    with (
                        zipfile.ZipFile(stream) as archive,
                        archive.open(_member(archive, self.path, member)) as content,
                    ):
                        yield content
                else:
                    yield stream
            except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
                raise InputFileError(f"{self.path}: cannot be decompressed: {error}") from error


def found(path: str) -> InputFile:
    """A file or URI as it is now.

    Raises:
        InputFileError: there is no such file, it is empty, or it cannot be read.
    """
    files, place = file_system(path)
    try:
        modified: datetime = files.modified(place)
        with files.open(place, "rb") as stream:
            digest = _digest(iter(lambda: stream.read(_PIECE), b""))
            empty = not stream.tell()
    except FileNotFoundError as error:
        raise InputFileError(f"{path}: no such file") from error
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read: {error}") from error
    if empty:
        raise InputFileError(f"{path}: the file is empty")
    return InputFile(path, digest, modified if modified.tzinfo else modified.replace(tzinfo=UTC))


def _opened(path: str) -> Any:
    files, place = file_system(path)
    return files.open(place, "rb")


def _digest(pieces: Iterator[bytes] | list[bytes]) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        hashed.update(piece)
    return hashed.hexdigest()


def _member(archive: zipfile.ZipFile, path: str, wanted: str | None) -> str:
    names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    asked = f"has no file {wanted}" if wanted else "holds several files: name one as `member`"
    raise InputFileError(f"{path}: {asked}; there are {', '.join(names) or 'none'}")
