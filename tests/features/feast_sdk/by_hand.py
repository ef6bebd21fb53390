"""Rows written and read without any writer or reader of ours: with the layout alone, as its specification says."""

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from features.definition.view import View
from features.layout.entity_key import EntityKeyEncoder
from features.layout.event_time import decode_event_time, encode_event_time
from features.layout.field import feature_field, timestamp_field
from features.layout.value import decode, encode
from features.store.address import Address, SqliteAddress, ValkeyAddress
from features.store.valkey import ValkeyConnection

Row = Mapping[str, Any]


def write(address: Address, project: str, view: View, keys: Row, values: Row, event_us: int) -> None:
    """Stores one row of a view."""
    key, types = _key(view, keys), {each.name: each.value_type for each in view.features}
    if isinstance(address, SqliteAddress):
        with closing(sqlite3.connect(address.path)) as database, database:
            for name, value_type in types.items():
                row = key, name, encode(values[name], value_type), event_us // 1_000_000
                database.execute(
                    f'REPLACE INTO "{project}_{view.name}" (entity_key, feature_name, value, event_ts) '
                    "VALUES (?, ?, ?, ?)",
                    row,
                )
        return
    fields = [timestamp_field(view.name), encode_event_time(event_us)]
    for name, value_type in types.items():
        fields += [feature_field(view.name, name), encode(values[name], value_type)]
    _call(address, b"HSET", key + project.encode(), *fields)


def read(address: Address, project: str, view: View, keys: Row) -> tuple[dict[str, Any], int]:
    """One row of a view, and its event time in microseconds."""
    key, types = _key(view, keys), {each.name: each.value_type for each in view.features}
    if isinstance(address, SqliteAddress):
        with closing(sqlite3.connect(address.path)) as database:
            query = f'SELECT feature_name, value, event_ts FROM "{project}_{view.name}" WHERE entity_key = ?'
            rows = database.execute(query, (key,)).fetchall()
        return {name: decode(value, types[name]) for name, value, _ in rows}, rows[0][2] * 1_000_000
    names = [feature_field(view.name, name) for name in types]
    stored = _call(address, b"HMGET", key + project.encode(), *names, timestamp_field(view.name))
    values = {name: decode(data, types[name]) for name, data in zip(types, stored, strict=False)}
    return values, decode_event_time(stored[-1])


def _key(view: View, keys: Row) -> bytes:
    return EntityKeyEncoder({each.join_key: each.value_type for each in view.entities}).encode(keys)


def _call(address: ValkeyAddress, *parts: bytes) -> Any:
    connection = ValkeyConnection(address)
    try:
        return connection.call(*parts, deadline=time.monotonic() + 10)
    finally:
        connection.close()
