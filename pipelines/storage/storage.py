"""Files and folders under one root, by names relative to it."""

from collections.abc import Iterator
from typing import IO

from pipelines.storage.files import Entry, Files
from pipelines.storage.uri import LakeUri


def files_of(uri: LakeUri) -> Files:
    """What reads and writes files where a location lies."""
    if uri.is_local:
        from pipelines.storage.local_files import LocalFiles

        return LocalFiles()
    if uri.is_object:
        from pipelines.storage.object_files import ObjectFiles

        return ObjectFiles()
    from pipelines.storage.fsspec_files import FsspecFiles

    return FsspecFiles()


class Storage:
    """Files and folders under `root`, by names relative to it with `/` as separator."""

    def __init__(self, root: str) -> None:
        uri = LakeUri.parse(root)
        self.root, self.is_local, self.files = str(uri).rstrip("/"), uri.is_local, files_of(uri)

    def path(self, name: str) -> str:
        """The location of a file or folder."""
        return f"{self.root}/{name}" if name else self.root

    def entries(self, name: str = "", begin: str = "") -> list[Entry]:
        """Files and folders directly below a folder, sorted by name; empty when the folder does not exist.

        `begin`: as in `Files.entries`.
        """
        return self.files.entries(self.path(name), begin)

    def exists(self, name: str) -> bool:
        """Whether a file or folder of that name exists."""
        return self.files.exists(self.path(name))

    def read_text(self, name: str) -> str | None:
        """The content of a UTF-8 file; None when it does not exist."""
        try:
            return self.files.read(self.path(name)).decode()
        except FileNotFoundError:
            return None

    def write_text(self, name: str, text: str) -> None:
        """Writes a UTF-8 file atomically."""
        self.write_bytes(name, text.encode())

    def write_bytes(self, name: str, data: bytes) -> None:
        """Writes a file atomically."""
        self.files.write(self.path(name), data)

    def create_text(self, name: str, text: str) -> None:
        """Writes a UTF-8 file that must not exist yet, in one step: of several writers one succeeds.

        Raises:
            FileExistsError: it exists.
        """
        self.files.create(self.path(name), text.encode())

    def delete(self, name: str) -> None:
        """Deletes a file or a whole folder, if it exists."""
        self.files.delete(self.path(name))

    def files_below(self, name: str) -> Iterator[str]:
        """Names, relative to `name`, of all files below a folder."""
        yield from (below for below, _ in self.entries_below(name))

    def entries_below(self, name: str) -> Iterator[tuple[str, Entry]]:
        """(name relative to `name`, entry) of all files below a folder."""
        for entry in self.entries(name):
            if entry.is_folder:
                inner = f"{name}/{entry.name}" if name else entry.name
                yield from ((f"{entry.name}/{below}", found) for below, found in self.entries_below(inner))
            else:
                yield entry.name, entry

    def create(self, name: str) -> IO[bytes]:
        """Opens a new file for writing bytes, and creates its parent folders.

        Raises:
            FileExistsError: a local file of that name exists.
        """
        return self.files.open_new(self.path(name))

    def open(self, name: str) -> IO[bytes]:
        """Opens a file for reading bytes."""
        return self.files.open(self.path(name))

    def size(self, name: str) -> int:
        """The size of a file in bytes."""
        return self.files.size(self.path(name))
