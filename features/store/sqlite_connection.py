"""Opens files of the embedded store, and says what their failures mean."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from features.store.errors import StoreError, StoreFullError, StoreTimeoutError, StoreUnavailableError


@contextmanager
def opened(path: str, timeout: float, write: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection that the end of the block closes. Transactions are the caller's: none is begun unasked.

    Args:
        path: of the file.
        timeout: seconds to wait for another writer.
        write: whether the file, and its folder, are made if they do not exist.

    Raises:
        StoreError: SQLite refused something in the block.
    """
    connection = None
    try:
        if write:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        mode = "rwc" if write else "ro"
        connection = sqlite3.connect(f"file:{quote(path)}?mode={mode}", timeout, isolation_level=None, uri=True)
        yield connection
    except sqlite3.Error as error:
        raise as_store_error(error, path) from error
    finally:
        if connection is not None:
            connection.close()


def as_store_error(error: sqlite3.Error, path: str) -> StoreError:
    """The error that one of SQLite's means."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF  # the rest says more of the same
    words = f"online store {path}: {error}"
    if os.path.isdir(path):
        return StoreUnavailableError(f"online store {path} is a folder; name a file in it")
    if primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreError(f"{words}; remove the file, then apply and materialize to make it again")
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT):
        return StoreTimeoutError(words)
    if primary == sqlite3.SQLITE_FULL:
        return StoreFullError(words)
    if primary in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return StoreUnavailableError(words)
    return StoreError(words)
