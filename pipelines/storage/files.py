"""What a kind of storage can do, by whole paths; `storage.py` gives the names below a root."""

from dataclasses import dataclass, field
from typing import IO, Protocol


@dataclass(frozen=True)
class Entry:
    """A file or folder directly below another. Of a file: bytes, and seconds since the epoch of its last change."""

    name: str
    is_folder: bool
    size: int = field(default=0, compare=False)
    modified: float = field(default=0.0, compare=False)


class Files(Protocol):
    """One kind of storage."""

    def entries(self, path: str, begin: str = "") -> list[Entry]:
        """Files and folders directly below a folder, sorted by name; empty when there is no such folder.

        With `begin`, names that sort before it may be left out, where that is cheaper.
        """

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: there is no such file.
        """

    def write(self, path: str, data: bytes) -> None:
        """Writes a whole file: a reader sees the old one or the new one."""

    def create(self, path: str, data: bytes) -> None:
        """Writes a whole file that must not exist yet: of several writers one succeeds.

        Raises:
            FileExistsError: it exists.
        """

    def delete(self, path: str) -> None:
        """Deletes a file or a whole folder, if it exists."""

    def open(self, path: str) -> IO[bytes]:
        """Opens a file for reading; it can seek.

        Raises:
            FileNotFoundError: there is no such file.
        """

    def open_new(self, path: str) -> IO[bytes]:
        """Opens a new file for writing, and creates its folders. On an object store it is there once it is closed."""

    def size(self, path: str) -> int:
        """Bytes of a file.

        Raises:
            FileNotFoundError: there is no such file.
        """

    def read_range(self, path: str, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` of a file, in one request; fewer where the file ends before.

        Raises:
            FileNotFoundError: there is no such file.
        """
