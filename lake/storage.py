"""Files and folders under one root: a local folder, or a URI that fsspec can open."""

import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any


def is_local(location: str) -> bool:
    """Whether a location is a plain path, not a URI."""
    return "://" not in location


def absolute(location: str) -> str:
    """A local path as an absolute path; URIs stay as they are."""
    return str(Path(location).expanduser().resolve()) if is_local(location) else location


@dataclass(frozen=True)
class Entry:
    """A file or folder directly below another."""

    name: str
    is_folder: bool


class Storage:
    """Files and folders under `root`, by names relative to it with `/` as separator."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")

    def path(self, name: str) -> str:
        """The location of a file or folder."""
        return f"{self.root}/{name}" if name else self.root

    def entries(self, name: str = "") -> list[Entry]:
        """Files and folders directly below a folder, sorted by name; empty when the folder does not exist."""
        if is_local(self.root):
            try:
                with os.scandir(self.path(name)) as found:
                    return sorted((Entry(one.name, one.is_dir()) for one in found), key=lambda entry: entry.name)
            except (FileNotFoundError, NotADirectoryError):
                return []
        files, path = self._located(name)
        files.invalidate_cache(path)
        try:
            listed = files.ls(path, detail=True)
        except FileNotFoundError:
            return []
        names = ((one["name"].rstrip("/").rpartition("/")[2], one["type"] == "directory") for one in listed)
        return [Entry(*one) for one in sorted(names) if one[0] != path.rstrip("/").rpartition("/")[2]]

    def exists(self, name: str) -> bool:
        """Whether a file or folder of that name exists."""
        if is_local(self.root):
            return os.path.exists(self.path(name))
        files, path = self._located(name)
        files.invalidate_cache(path)
        return bool(files.exists(path))

    def read_text(self, name: str) -> str | None:
        """The content of a UTF-8 file; None when it does not exist."""
        try:
            if is_local(self.root):
                return Path(self.path(name)).read_text(encoding="utf-8")
            files, path = self._located(name)
            return bytes(files.cat_file(path)).decode()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write_text(self, name: str, text: str) -> None:
        """Writes a UTF-8 file atomically."""
        self.write_bytes(name, text.encode())

    def write_bytes(self, name: str, data: bytes) -> None:
        """Writes a file atomically."""
        if not is_local(self.root):
            files, path = self._located(name)
            files.pipe_file(path, data)  # object stores write an object atomically
            return
        final = Path(self.path(name))
        final.parent.mkdir(parents=True, exist_ok=True)
        part = final.with_name(f"{final.name}.{os.getpid()}.part")
        try:
            part.write_bytes(data)
            part.replace(final)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise

    def create_text(self, name: str, text: str) -> None:
        """Writes a UTF-8 file that must not exist yet, in one step: of several writers one succeeds.

        Raises:
            FileExistsError: it exists.
        """
        if not is_local(self.root):
            files, path = self._located(name)
            files.pipe_file(path, text.encode(), mode="create")
            return
        final = Path(self.path(name))
        final.parent.mkdir(parents=True, exist_ok=True)
        part = final.with_name(f".{final.name}.{uuid.uuid4().hex}.part")
        try:
            with open(part, "x", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.link(part, final)  # fails if the name is taken, which a rename would not
        finally:
            with suppress(OSError):
                part.unlink()

    def delete(self, name: str) -> None:
        """Deletes a file or a whole folder, if it exists."""
        if is_local(self.root):
            import shutil

            path = self.path(name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                with suppress(FileNotFoundError):
                    os.unlink(path)
            return
        files, located = self._located(name)
        with suppress(FileNotFoundError):
            files.rm(located, recursive=True)

    def files_below(self, name: str) -> Iterator[str]:
        """Names, relative to `name`, of all files below a folder."""
        for entry in self.entries(name):
            if entry.is_folder:
                yield from (f"{entry.name}/{below}" for below in self.files_below(f"{name}/{entry.name}"))
            else:
                yield entry.name

    def create(self, name: str) -> IO[bytes]:
        """Opens a new file for writing bytes, and creates its parent folders.

        Raises:
            FileExistsError: a local file of that name exists.
        """
        if is_local(self.root):
            path = Path(self.path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            return open(path, "xb")
        files, located = self._located(name)
        opened: IO[bytes] = files.open(located, "wb")
        return opened

    def open(self, name: str) -> IO[bytes]:
        """Opens a file for reading bytes."""
        if is_local(self.root):
            return open(self.path(name), "rb")
        files, located = self._located(name)
        opened: IO[bytes] = files.open(located, "rb")
        return opened

    def size(self, name: str) -> int:
        """The size of a file in bytes."""
        if is_local(self.root):
            return os.path.getsize(self.path(name))
        files, located = self._located(name)
        return int(files.size(located))

    def _located(self, name: str) -> tuple[Any, str]:
        files, root = self._remote
        return files, f"{root}/{name}" if name else root

    @cached_property
    def _remote(self) -> tuple[Any, str]:
        import fsspec

        files, path = fsspec.core.url_to_fs(self.root)
        return files, path.rstrip("/")
