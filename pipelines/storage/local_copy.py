"""A remote file as a local one, for libraries that open paths: downloaded once for all processes of a machine."""

import hashlib
import os
import tempfile
from pathlib import Path

from pipelines.storage.storage import files_of
from pipelines.storage.uri import LakeUri


def local_copy(location: str) -> Path:
    """The path of a local file; of a remote one, that of a copy under the folder for temporary files.

    A remote file of the same size is taken to be the same: name files by their content (`lake.shared_files`).

    Raises:
        FileNotFoundError: there is no such file.
    """
    uri = LakeUri.parse(location)
    if uri.is_local:
        return uri.path
    files = files_of(uri)
    key = hashlib.sha256(f"{uri} {files.size(str(uri))}".encode()).hexdigest()[:16]
    copy = _folder() / key / uri.rest.rpartition("/")[2]
    if not copy.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        part = copy.with_name(f"{copy.name}.{os.getpid()}.part")
        part.write_bytes(files.read(str(uri)))
        part.replace(copy)
    return copy


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"tokenlake-{os.getuid()}"
