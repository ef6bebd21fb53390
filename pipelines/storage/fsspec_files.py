"""Files that fsspec can open, of the schemes that have no better way here: `hdfs:`, `memory:` and others."""

from contextlib import suppress
from typing import IO, Any, cast

from pipelines.storage.files import Entry
from pipelines.storage.uri import LakeUri


def file_system(location: str) -> tuple[Any, str]:
    """The fsspec file system of a location, and the location's path on it; of object stores one made of `obstore`."""
    import fsspec

    uri = LakeUri.parse(location)
    if not uri.is_object:
        return fsspec.core.url_to_fs(str(uri))
    from obstore.fsspec import FsspecStore

    from pipelines.storage.environment import client_options, prepare
    from pipelines.storage.object_files import RETRIES

    prepare()
    return FsspecStore(uri.scheme, retry_config=RETRIES, client_options=client_options()), uri.rest  # type: ignore[call-overload]


class FsspecFiles:
    """Implements `Files`."""

    def entries(self, path: str, begin: str = "") -> list[Entry]:
        """As `Files.entries`."""
        files, inner = _fresh(path)
        try:
            listed = files.ls(inner, detail=True)
        except FileNotFoundError:
            return []
        found = [
            Entry(one["name"].rstrip("/").rpartition("/")[2], one["type"] == "directory", int(one.get("size") or 0))
            for one in listed
            if one["name"].strip("/") != inner.strip("/")
        ]
        return sorted(found, key=lambda entry: entry.name)

    def exists(self, path: str) -> bool:
        """As `Files.exists`."""
        files, inner = _fresh(path)
        return bool(files.exists(inner))

    def read(self, path: str) -> bytes:
        """As `Files.read`."""
        files, inner = _fresh(path)
        return bytes(files.cat_file(inner))

    def write(self, path: str, data: bytes) -> None:
        """As `Files.write`."""
        files, inner = file_system(path)
        files.pipe_file(inner, data)

    def create(self, path: str, data: bytes) -> None:
        """As `Files.create`."""
        files, inner = file_system(path)
        files.pipe_file(inner, data, mode="create")

    def delete(self, path: str) -> None:
        """As `Files.delete`."""
        files, inner = file_system(path)
        with suppress(FileNotFoundError):
            files.rm(inner, recursive=True)

    def open(self, path: str) -> IO[bytes]:
        """As `Files.open`."""
        files, inner = _fresh(path)
        return cast(IO[bytes], files.open(inner, "rb"))

    def open_new(self, path: str) -> IO[bytes]:
        """As `Files.open_new`."""
        files, inner = file_system(path)
        return cast(IO[bytes], files.open(inner, "wb"))

    def size(self, path: str) -> int:
        """As `Files.size`."""
        files, inner = _fresh(path)
        return int(files.size(inner))

    def read_range(self, path: str, start: int, stop: int) -> bytes:
        """As `Files.read_range`."""
        files, inner = file_system(path)
        return bytes(files.cat_file(inner, start, stop))


def _fresh(path: str) -> tuple[Any, str]:
    """Without what the file system remembers of earlier listings."""
    files, inner = file_system(path)
    files.invalidate_cache(inner)
    return files, inner
