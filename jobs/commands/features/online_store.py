"""Which online store a command means."""

import argparse
import os

from features.store.address import VARIABLE, Address, SqliteAddress, parse_address
from pipelines.errors import MissingPathError, MisuseError
from pipelines.storage.uri import is_local, lake_root

FILE = "features/online.db"
"""The embedded store of a lake, relative to its folder."""


class NoStoreError(MisuseError, ValueError):
    """No online store is named, and this lake can have none of its own."""


def online_store(arguments: argparse.Namespace) -> Address:
    """`--online`, else `$TOKENLAKE_ONLINE_STORE`, else the embedded store in the lake's folder.

    Raises:
        AddressError: the URL names no store.
        MissingPathError: nothing names a store, and there is no lake.
        NoStoreError: nothing names a store, and the lake is no local folder.
    """
    named = arguments.online or os.environ.get(VARIABLE)
    if named:
        return parse_address(named)
    if not is_local(arguments.lake):
        raise NoStoreError(
            f"{arguments.lake} is no local folder, so it cannot hold an embedded online store: name one with "
            f"--online URL or ${VARIABLE}, for example valkey://127.0.0.1:6379/0"
        )
    lake = lake_root(arguments.lake)
    if not os.path.isdir(lake):
        raise MissingPathError(
            f"{arguments.lake}: no lake there; `tokenlake run CONFIG --lake DIR` makes one, "
            "and --online URL names a store elsewhere"
        )
    return SqliteAddress(f"{lake}/{FILE}")
