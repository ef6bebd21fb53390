"""Where the API keys of a lake's feature server are."""

import argparse

from pipelines.errors import MisuseError
from pipelines.storage.uri import is_local, lake_root

FILE = "features/keys.json"
"""The file of keys, relative to the lake's folder."""


class NoKeyFileError(MisuseError, ValueError):
    """No file of keys is named, and this lake can have none of its own."""


def key_file(arguments: argparse.Namespace) -> str:
    """`--keys`, else the file in the lake's folder, whether it exists or not.

    Raises:
        NoKeyFileError: the lake is no local folder, and nothing names a file.
    """
    if arguments.keys:
        return str(arguments.keys)
    if not is_local(arguments.lake):
        raise NoKeyFileError(f"{arguments.lake} is no local folder: name the file of keys with --keys FILE")
    return f"{lake_root(arguments.lake)}/{FILE}"
