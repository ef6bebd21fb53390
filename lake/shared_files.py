"""Files that a user names, copied into the lake: tasks on other machines see the lake, not the user's folders.

A copy lies under the hash of its content, so an edited file is another one, and a lake tells which model it used.
"""

import hashlib

from pipelines.errors import MissingPathError
from pipelines.storage.storage import Storage, files_of
from pipelines.storage.uri import LakeUri

FOLDER = "_files"


def share(lake: Storage, location: str) -> str:
    """Copies a file into the lake unless it is there; returns where the copy lies.

    Raises:
        MissingPathError: there is no such file.
    """
    uri = LakeUri.parse(location)
    try:
        data = files_of(uri).read(str(uri))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise MissingPathError(f"{location}: no such file") from error
    name = f"{FOLDER}/{hashlib.sha256(data).hexdigest()[:16]}/{uri.rest.rpartition('/')[2]}"
    if not lake.exists(name):
        lake.write_bytes(name, data)
    return lake.path(name)
