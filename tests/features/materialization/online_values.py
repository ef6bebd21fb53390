"""Reads back what the writers stored, by the layout alone, and makes rows to write."""

import time
from collections.abc import Mapping
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
from features.store.valkey import ValkeyConnection
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
    planned = plan.views[view]
    entity_key = EntityKeyEncoder(planned.join_keys).encode(key)
    layouts = {
        service.name: PackedRow(view, planned.join_keys, {name: planned.features[name] for name in selected})
        for service in plan.services.values()
        if (selected := service.selections.get(view)) is not None
    }
    keys = [packed_key(plan.project, service, view, entity_key) for service in layouts]
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        with closing(SqliteStore(address)) as store:
            event_us, values = store.read_features(plan.project, view, [entity_key], list(planned.features))[0]
            packed = store.read_packed(keys)
    else:
        with closing(ValkeyConnection(address)) as connection:
            fields = [timestamp_field(view), *(feature_field(view, name) for name in planned.features)]
            name = entity_key + plan.project.encode()
            event, *values = connection.call(b"HMGET", name, *fields, deadline=time.monotonic() + 5)
            event_us = None if event is None else decode_event_time(event)
            packed = connection.call(b"MGET", *keys, deadline=time.monotonic() + 5)
    unpacked = {
        service: (found[0] - _START_US, list(found[1]))
        for (service, layout), row in zip(layouts.items(), packed, strict=True)
        if row is not None and (found := layout.unpack(row)) is not None
    }
    return Stored(
        None if event_us is None else event_us - _START_US,
        {
            name: decode(data, value_type)
            for (name, value_type), data in zip(planned.features.items(), values, strict=True)
            if data is not None
        },
        unpacked,
    )


_START_US = (START - EPOCH) // timedelta(microseconds=1)
