"""Reads back what the writers stored, by the layout alone, and makes rows to write."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from features.definition.value_type import ValueType
from features.layout.entity_key import EntityKeyEncoder
from features.layout.event_time import decode_event_time
from features.layout.field import feature_field, timestamp_field
from features.layout.packed_row import PackedRow, packed_key
from features.layout.value import decode
from features.plan import Plan, PlannedService, PlannedView
from features.store.address import SqliteAddress, parse_address
from features.store.sqlite import SqliteStore
from features.store.valkey import ValkeyConnection, command
from features.tables import arrow_type

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def plan_of(
    features: Mapping[str, ValueType],
    keys: Mapping[str, ValueType] | None = None,
    view: str = "usage",
    services: Mapping[str, tuple[str, ...]] | None = None,
) -> Plan:
    """A project `p` with one view, by default read whole by one service `s`."""
    services = {"s": tuple(features)} if services is None else services
    return Plan(
        "p",
        {view: PlannedView(view, keys or {"id": ValueType.INT64}, features, None)},
        {name: PlannedService(name, {view: selected}, ()) for name, selected in services.items()},
        {},
    )


USAGE = plan_of({"a": ValueType.INT64, "b": ValueType.STRING})


def rows(plan: Plan, *given: Mapping[str, Any], view: str = "usage") -> pa.Table:
    """Rows of a view. `at` is the event time and `created` the other, both in microseconds after START."""
    types = {**plan.views[view].join_keys, **plan.views[view].features}
    times = {name: pa.timestamp("us", "UTC") for name in ("event_timestamp", "created")}
    schema = pa.schema([*((name, arrow_type(each)) for name, each in types.items()), *times.items()])
    whole = []
    for row in given:
        at = row.get("at", 0)
        moments = {
            "event_timestamp": START + timedelta(microseconds=at),
            "created": START + timedelta(microseconds=row.get("created", at)),
        }
        whole.append({name: row.get(name) for name in types} | moments)
    return pa.Table.from_pylist(whole, schema=schema)


@dataclass(frozen=True)
class Stored:
    """What a store has of one entity."""

    at: int | None  # event time in microseconds after START
    values: Mapping[str, Any]  # in Feast's layout
    packed: Mapping[str, tuple[int, list[Any]]]  # service -> event time, values; those that can be read


def stored(url: str, plan: Plan, key: Mapping[str, Any], view: str = "usage") -> Stored:
    """What a store has of an entity."""
    return all_stored(url, plan, [key], view)[0]


def all_stored(url: str, plan: Plan, keys: Sequence[Mapping[str, Any]], view: str = "usage") -> list[Stored]:
    """What a store has of some entities."""
    planned = plan.views[view]
    encoder = EntityKeyEncoder(planned.join_keys)
    entity_keys = [encoder.encode(key) for key in keys]
    layouts = {
        service.name: PackedRow(view, planned.join_keys, {name: planned.features[name] for name in selected})
        for service in plan.services.values()
        if (selected := service.selections.get(view)) is not None
    }
    hashes = _hashes(url, plan, view, entity_keys)
    columns = {
        service: _packed(url, [packed_key(plan.project, service, view, each) for each in entity_keys])
        for service in layouts
    }
    found = []
    for at, (event_us, values) in enumerate(hashes):
        unpacked = {
            service: (row[0] - _START_US, list(row[1]))
            for service, layout in layouts.items()
            if (data := columns[service][at]) is not None and (row := layout.unpack(data)) is not None
        }
        decoded = {
            name: decode(data, value_type)
            for (name, value_type), data in zip(planned.features.items(), values, strict=True)
            if data is not None
        }
        found.append(Stored(None if event_us is None else event_us - _START_US, decoded, unpacked))
    return found


def _hashes(
    url: str, plan: Plan, view: str, entity_keys: Sequence[bytes]
) -> list[tuple[int | None, list[bytes | None]]]:
    """Event time and the bytes of each feature."""
    address, names = parse_address(url), list(plan.views[view].features)
    if isinstance(address, SqliteAddress):
        with closing(SqliteStore(address)) as store:
            return [tuple(row) for row in store.read_features(plan.project, view, entity_keys, names)]
    fields = [timestamp_field(view), *(feature_field(view, name) for name in names)]
    request = [command(b"HMGET", key + plan.project.encode(), *fields) for key in entity_keys]
    with closing(ValkeyConnection(address)) as connection:
        replies = connection.execute(b"".join(request), len(request), time.monotonic() + 30)
    return [(None if event is None else decode_event_time(event), values) for event, *values in replies]


def _packed(url: str, keys: Sequence[bytes]) -> list[bytes | None]:
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        with closing(SqliteStore(address)) as store:
            return store.read_packed(keys)
    with closing(ValkeyConnection(address)) as connection:
        return connection.call(b"MGET", *keys, deadline=time.monotonic() + 30)


_START_US = (START - EPOCH) // timedelta(microseconds=1)
