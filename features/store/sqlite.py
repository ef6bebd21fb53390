"""The embedded online store: one SQLite file, which Feast's SDK reads and writes too.

    <project>_<view>        Feast's own table: a row for each feature of an entity (feast 0.67, sqlite.py)
    tokenlake_event_times   event time and time of creation of an entity's values, exactly; Feast keeps whole seconds
    tokenlake_packed        packed rows, by `features.layout.packed_row.packed_key`
    tokenlake_plan          the plan of each project (`features.store.plan_store`)
    tokenlake_materialized  up to where each view has been materialized

The file is in WAL mode: readers never wait for the writer. Feast's SDK writes without looking at times, and knows
nothing of the other tables; where its whole seconds are not those that we wrote, it has written last.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import quote

from features.store.address import SqliteAddress
from features.store.errors import StoreUnavailableError
from features.store.sqlite_connection import as_store_error
from features.store.sqlite_times import ExactTimes, event_us_of

_AT_ONCE = 10_000  # parameters of one statement; SQLite takes 32,766

_STEPS = 2_000  # of SQLite's machine between two looks at the clock: some hundred microseconds

_TABLES = """
    CREATE TABLE IF NOT EXISTS tokenlake_materialized (name TEXT PRIMARY KEY, state BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS tokenlake_packed (key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS tokenlake_event_times (
        name TEXT, entity_key BLOB, event_us INTEGER NOT NULL, created_us INTEGER NOT NULL, event_ts INTEGER NOT NULL,
        PRIMARY KEY (name, entity_key)
    ) WITHOUT ROWID;
"""


class StoredFeatures(NamedTuple):
    """What the store has of one entity: an event time in microseconds, and the bytes of each feature asked for."""

    event_us: int | None  # None: the entity has no row
    values: list[bytes | None]  # None: this feature was never written; empty: null


class SqliteStore:
    """A connection to a file of the embedded store. Not for several threads at once.

    Args:
        address: of the file.
        create: makes the file and its tables, for writers. A reader is refused where there is no file.
        timeout: seconds that a statement waits for another process that writes.

    Raises:
        StoreUnavailableError: there is no such file, or it is no database.
    """

    def __init__(self, address: SqliteAddress, create: bool = False, timeout: float = 5.0) -> None:
        self.address = address
        if create:
            os.makedirs(os.path.dirname(os.path.abspath(address.path)), exist_ok=True)
        elif not os.path.exists(address.path):
            raise StoreUnavailableError(
                f"there is no online store {address}: `tokenlake features apply` and `materialize` make it"
            )
        mode = "rwc" if create else "rw"
        with self._errors():
            url = f"file:{quote(os.path.abspath(address.path))}?mode={mode}"
            self._connection = sqlite3.connect(
                url, timeout, isolation_level=None, check_same_thread=False, uri=True, cached_statements=256
            )
            if create:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.executescript(_TABLES)
            self._connection.execute("PRAGMA synchronous = NORMAL")
        self._file = _file_of(address)

    def is_replaced(self) -> bool:
        """Whether the path names another file by now, or none: a deleted one is read and written without complaint."""
        return _file_of(self.address) != self._file

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """What is read in the block ends by a time on the clock of `time.monotonic`.

        Raises:
            StoreTimeoutError: it did not end by itself.
        """
        left = max(deadline - time.monotonic(), 0.0)
        with self._errors():
            self._connection.execute(f"PRAGMA busy_timeout = {int(left * 1000)}")
        self._connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        try:
            yield
        finally:
            self._connection.set_progress_handler(None, 0)

    def read_state(self, name: str) -> bytes | None:
        """What `write_state` wrote under a name."""
        return self._one("SELECT state FROM tokenlake_materialized WHERE name = ?", name)

    def write_state(self, name: str, state: bytes | None) -> None:
        """Replaces the state of this name; None removes it."""
        with self._errors():
            if state is None:
                self._connection.execute("DELETE FROM tokenlake_materialized WHERE name = ?", (name,))
            else:
                self._connection.execute("INSERT OR REPLACE INTO tokenlake_materialized VALUES (?, ?)", (name, state))

    def read_packed(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The packed row of each key; None where there is none."""
        found: dict[bytes, bytes] = {}
        with self._errors(), self._absent_is_empty():
            for some in slices(keys):
                sql = f"SELECT key, row FROM tokenlake_packed WHERE key IN ({marks(some)})"
                found.update(self._connection.execute(sql, some))
        return [found.get(key) for key in keys]

    def read_features(
        self, project: str, view: str, entity_keys: Sequence[bytes], names: Sequence[str]
    ) -> list[StoredFeatures]:
        """Features of a view in Feast's layout, one item for each entity; keys are without project.

        Without names, event times only.
        """
        table = f"{project}_{view}"
        seconds: dict[bytes, int] = {}
        values: dict[tuple[bytes, str], bytes] = {}
        times: dict[bytes, ExactTimes] = {}
        with self.transaction("DEFERRED"), self._absent_is_empty():
            for some in slices(entity_keys):
                sql = (
                    f"SELECT entity_key, feature_name, value, event_ts FROM {quoted(table)} "
                    f"WHERE entity_key IN ({marks(some)}) AND feature_name IN ({marks(names)})"
                    if names
                    else f"SELECT entity_key, '', NULL, max(event_ts) FROM {quoted(table)} "
                    f"WHERE entity_key IN ({marks(some)}) GROUP BY entity_key"
                )
                for key, name, value, event_ts in self._connection.execute(sql, (*some, *names)):
                    values[key, name] = value
                    seconds[key] = max(event_ts, seconds.get(key, event_ts))
                times.update(self.exact_times(table, some))
        return [
            StoredFeatures(event_us_of(seconds.get(key), times.get(key)), [values.get((key, name)) for name in names])
            for key in entity_keys
        ]

    @contextmanager
    def transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        """A transaction, which an error in the block undoes.

        Args:
            kind: `DEFERRED` to read, `IMMEDIATE` to write.

        Raises:
            StoreError: SQLite refused something in the block.
        """
        with self._errors():
            self._connection.execute(f"BEGIN {kind}")
            try:
                yield self._connection
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def overwrite_deleted(self) -> None:
        """From here on this connection writes zeros over what it deletes."""
        with self._errors():
            self._connection.execute("PRAGMA secure_delete = ON").fetchall()

    def fold_log(self) -> None:
        """Moves what is written into the file itself and empties the log beside it, which holds older pages.

        Raises:
            StoreError: SQLite refused.
        """
        with self._errors():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def exact_times(self, table: str, keys: Sequence[bytes]) -> Iterator[tuple[bytes, ExactTimes]]:
        """Entity keys, and the times that we wrote last."""
        sql = (
            "SELECT entity_key, event_us, created_us, event_ts FROM tokenlake_event_times "
            f"WHERE name = ? AND entity_key IN ({marks(keys)})"
        )
        for key, *times in self._connection.execute(sql, (table, *keys)):
            yield key, ExactTimes(*times)

    def _one(self, sql: str, parameter: str) -> bytes | None:
        with self._errors(), self._absent_is_empty():
            for (found,) in self._connection.execute(sql, (parameter,)):
                return found
        return None

    @contextmanager
    def _absent_is_empty(self) -> Iterator[None]:
        """A table that was never made has no rows: the file may be Feast's, or a view not materialized yet."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise as_store_error(error, self.address.path) from error


def _file_of(address: SqliteAddress) -> tuple[int, int] | None:
    """Which file the path names now: its device and number; None if there is none."""
    try:
        found = os.stat(address.path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def quoted(name: str) -> str:
    """A name of a table, quoted."""
    return '"' + name.replace('"', '""') + '"'


def marks(values: Sequence[object]) -> str:
    """Marks for parameters, as many as there are values."""
    return ",".join("?" * len(values))


def slices(values: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """The keys, as many at once as one statement takes."""
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]
