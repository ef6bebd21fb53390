"""Files of this machine."""

import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO

from pipelines.storage.files import Entry


class LocalFiles:
    """Implements `Files`."""

    def entries(self, path: str, begin: str = "") -> list[Entry]:
        """As `Files.entries`."""
        try:
            with os.scandir(path) as found:
                return sorted((_entry(one) for one in found), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def exists(self, path: str) -> bool:
        """As `Files.exists`."""
        return os.path.exists(path)

    def read(self, path: str) -> bytes:
        """As `Files.read`."""
        try:
            return Path(path).read_bytes()
        except NotADirectoryError as error:
            raise FileNotFoundError(path) from error

    def write(self, path: str, data: bytes) -> None:
        """As `Files.write`."""
        final = Path(path)
        final.parent.mkdir(parents=True, exist_ok=True)
        part = final.with_name(f"{final.name}.{os.getpid()}.part")
        try:
            part.write_bytes(data)
            part.replace(final)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise

    def create(self, path: str, data: bytes) -> None:
        """As `Files.create`."""
        final = Path(path)
        final.parent.mkdir(parents=True, exist_ok=True)
        part = final.with_name(f".{final.name}.{uuid.uuid4().hex}.part")
        try:
            with open(part, "xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.link(part, final)  # fails if the name is taken, which a rename would not
        finally:
            with suppress(OSError):
                part.unlink()

    def delete(self, path: str) -> None:
        """As `Files.delete`."""
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            with suppress(FileNotFoundError):
                os.unlink(path)

    def open(self, path: str) -> IO[bytes]:
        """As `Files.open`."""
        return open(path, "rb")

    def open_new(self, path: str) -> IO[bytes]:
        """As `Files.open_new`.

        Raises:
            FileExistsError: a file of that name exists.
        """
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return open(path, "xb")

    def size(self, path: str) -> int:
        """As `Files.size`."""
        return os.path.getsize(path)

    def read_range(self, path: str, start: int, stop: int) -> bytes:
        """As `Files.read_range`."""
        with open(path, "rb") as stream:
            return os.pread(stream.fileno(), stop - start, start)


def _entry(found: "os.DirEntry[str]") -> Entry:
    try:
        status = found.stat()
        return Entry(found.name, found.is_dir(), status.st_size, status.st_mtime)
    except FileNotFoundError:  # gone meanwhile, or a link to nowhere
        return Entry(found.name, found.is_dir())
