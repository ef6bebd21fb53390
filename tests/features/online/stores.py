"""A small project whose rows are written by hand, in either layout or both, on Valkey or in a file of SQLite."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from features.definition.value_type import ValueType
from features.layout.entity_key import EntityKeyEncoder
from features.layout.event_time import encode_event_time
from features.layout.field import feature_field, timestamp_field
from features.layout.packed_row import PackedRow, packed_key
from features.layout.value import encode
from features.materialization.writer import writer_of
from features.plan import Plan, PlannedOnDemand, PlannedService, PlannedView
from features.store.address import ValkeyAddress, parse_address
from features.store.valkey import ValkeyConnection
from features.tables import arrow_type

NOW = 1_795_000_000_000_000
"""The time of requests, in microseconds."""

SECOND = 1_000_000
HOUR = 3_600 * SECOND

DOCUMENT = PlannedView(
    "document",
    {"doc_id": ValueType.STRING},
    {"tokens": ValueType.INT64, "title": ValueType.STRING, "reasons": ValueType.STRING_LIST},
    None,
)
DECISION = PlannedView(
    "decision", {"doc_id": ValueType.STRING}, {"kept": ValueType.BOOL, "score": ValueType.DOUBLE}, HOUR
)
PAIR = PlannedView(
    "pair",
    {"target": ValueType.STRING, "source": ValueType.STRING},
    {"ratio": ValueType.DOUBLE, "seen": ValueType.UNIX_TIMESTAMP},
    None,
)
LIMIT = PlannedOnDemand(
    "limit",
    (("pair", "ratio"),),
    {"characters": ValueType.INT64},
    {"longest": ValueType.DOUBLE},
    f"{__name__}:longest",
)
PLAN = Plan(
    "p",
    {view.name: view for view in (DOCUMENT, DECISION, PAIR)},
    {
        "curation": PlannedService(
            "curation", {"document": ("tokens", "title", "reasons"), "decision": ("kept", "score")}, ()
        ),
        "gateway": PlannedService("gateway", {"pair": ("ratio", "seen"), "decision": ("score",)}, ("limit",)),
    },
    {"limit": LIMIT},
)

TRUSTED = (__name__,)
"""Where the functions of on-demand views may be imported from."""


def longest(columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """The function of the on-demand view."""
    return {
        "longest": [
            None if ratio is None or characters is None else ratio * characters
            for ratio, characters in zip(columns["ratio"], columns["characters"], strict=True)
        ]
    }


def write(url: str, view: str, *rows: Mapping[str, Any], at: int = NOW - SECOND, plan: Plan = PLAN) -> None:
    """Writes rows with our writer, so in both layouts; `at` is their event time."""
    planned = plan.view(view)
    types = {**planned.join_keys, **planned.features}
    schema = pa.schema(
        [
            *((name, arrow_type(each)) for name, each in types.items()),
            *((name, pa.timestamp("us", "UTC")) for name in ("event_timestamp", "created")),
        ]
    )
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    whole = [{**dict.fromkeys(types), **row, "event_timestamp": moment, "created": moment} for row in rows]
    with closing(writer_of(parse_address(url), plan)) as writer:
        writer.write(view, pa.Table.from_pylist(whole, schema=schema))


class Hand:
    """Writes single keys into Valkey, as our writer or Feast's SDK would."""

    def __init__(self, url: str, plan: Plan = PLAN) -> None:
        address = parse_address(url)
        assert isinstance(address, ValkeyAddress)
        self.plan = plan
        self._connection = ValkeyConnection(address)

    def call(self, *parts: bytes) -> Any:
        """Sends a command."""
        return self._connection.call(*parts, deadline=time.monotonic() + 10)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def hash_key(self, view: str, **keys: Any) -> bytes:
        """The key of an entity's hash."""
        return self._entity(view, keys) + self.plan.project.encode()

    def packed_key(self, service: str, view: str, **keys: Any) -> bytes:
        """The key of a packed row."""
        return packed_key(self.plan.project, service, view, self._entity(view, keys))

    def feast(self, view: str, row: Mapping[str, Any], at: int = NOW - SECOND) -> None:
        """The hash that Feast's SDK writes; features that are not named are null."""
        planned = self.plan.view(view)
        fields = [timestamp_field(view), encode_event_time(at)]
        for name, value_type in planned.features.items():
            fields += [feature_field(view, name), encode(row.get(name), value_type)]
        self.call(b"HSET", self.hash_key(view, **{name: row[name] for name in planned.join_keys}), *fields)

    def packed(self, service: str, view: str, row: Mapping[str, Any], at: int = NOW - SECOND) -> None:
        """The packed row alone."""
        planned = self.plan.view(view)
        types = {name: planned.features[name] for name in self.plan.service(service).selections[view]}
        data = PackedRow(view, planned.join_keys, types).pack(at, [row.get(name) for name in types])
        self.call(b"SET", self.packed_key(service, view, **{name: row[name] for name in planned.join_keys}), data)

    def _entity(self, view: str, keys: Mapping[str, Any]) -> bytes:
        return EntityKeyEncoder(self.plan.view(view).join_keys).encode(keys)
