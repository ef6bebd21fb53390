"""Writes rows of a view into the embedded store: of two rows of an entity the newer one stays."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from features.store.sqlite import SqliteStore, marks, quoted, slices
from features.store.sqlite_times import event_us_of, feast_seconds

_VIEW = """
    CREATE TABLE IF NOT EXISTS {name} (
        entity_key BLOB, feature_name TEXT, value BLOB, value_text TEXT, vector_value BLOB,
        event_ts timestamp, created_ts timestamp, PRIMARY KEY (entity_key, feature_name)
    )
"""

_NEVER = -(1 << 63)  # before any time of creation


class RowToWrite(NamedTuple):
    """The values of one entity in one view."""

    entity_key: bytes  # without project
    event_us: int
    created_us: int
    values: Sequence[bytes]  # one for each feature
    packed: Sequence[tuple[bytes, bytes]]  # key and row of each service


def write_rows(store: SqliteStore, project: str, view: str, names: Sequence[str], rows: Sequence[RowToWrite]) -> int:
    """Writes the rows that are not older than those stored, in one transaction; returns their number.

    A row is older if its event time is earlier or, where these are equal, its time of creation is. Feast's SDK
    writes no time of creation, so its rows count as the oldest of their event time.

    Raises:
        StoreTimeoutError: another process kept writing.
        StoreFullError: the disk is full; nothing was written.
    """
    table = f"{project}_{view}"
    with store.transaction("IMMEDIATE") as run:
        run.execute(_VIEW.format(name=quoted(table)))
        stored = _stored_times(store, run, table, list({row.entity_key for row in rows}))
        newer: dict[bytes, RowToWrite] = {}
        written = 0
        for row in rows:
            time = (row.event_us, row.created_us)
            if row.entity_key not in stored or stored[row.entity_key] <= time:
                stored[row.entity_key] = time
                newer[row.entity_key] = row
                written += 1
        _insert(run, table, names, newer.values())
    return written


def _insert(run: sqlite3.Connection, table: str, names: Sequence[str], rows: Iterable[RowToWrite]) -> None:
    run.executemany(
        f"INSERT OR REPLACE INTO {quoted(table)} (entity_key, feature_name, value, event_ts, created_ts) "
        "VALUES (?, ?, ?, ?, ?)",
        _values(names, rows),
    )
    run.executemany(
        "INSERT OR REPLACE INTO tokenlake_event_times VALUES (?, ?, ?, ?, ?)",
        ((table, row.entity_key, row.event_us, row.created_us, feast_seconds(row.event_us)) for row in rows),
    )
    run.executemany(
        "INSERT OR REPLACE INTO tokenlake_packed VALUES (?, ?)", (pair for row in rows for pair in row.packed)
    )


def _stored_times(
    store: SqliteStore, run: sqlite3.Connection, table: str, keys: Sequence[bytes]
) -> dict[bytes, tuple[int, int]]:
    """Event time and time of creation of the entities that have values, by whoever wrote them."""
    found: dict[bytes, tuple[int, int]] = {}
    for some in slices(keys):
        exact = dict(store.exact_times(table, some))
        sql = (
            f"SELECT entity_key, max(event_ts) FROM {quoted(table)} WHERE entity_key IN ({marks(some)}) "
            "GROUP BY entity_key"
        )
        for key, event_ts in run.execute(sql, some):
            ours = exact.get(key)
            event_us = event_us_of(event_ts, ours)
            assert event_us is not None
            found[key] = (event_us, ours.created_us if ours is not None and ours.event_us == event_us else _NEVER)
    return found


def _values(names: Sequence[str], rows: Iterable[RowToWrite]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        event_ts, created_ts = feast_seconds(row.event_us), feast_seconds(row.created_us)
        for name, value in zip(names, row.values, strict=True):
            yield row.entity_key, name, value, event_ts, created_ts
