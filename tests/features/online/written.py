"""Puts rows into a store byte by byte, in either layout or both, as the writer and Feast's SDK do."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from features.layout.entity_key import EntityKeyEncoder
from features.layout.event_time import encode_event_time
from features.layout.field import feature_field, timestamp_field
from features.layout.packed_row import PackedRow, packed_key
from features.layout.value import encode
from features.plan import Plan
from features.store.address import ValkeyAddress, parse_address
from features.store.valkey import ValkeyConnection


class Written:
    """A Valkey store, by its URL, with the views and services of a plan."""

    def __init__(self, url: str, plan: Plan) -> None:
        address = parse_address(url)
        assert isinstance(address, ValkeyAddress)
        self.plan = plan
        self._connection = ValkeyConnection(address)

    def call(self, *parts: bytes) -> Any:
        return self._connection.call(*parts, deadline=time.monotonic() + 10)

    def close(self) -> None:
        self._connection.close()

    def hash_key(self, view: str, keys: Mapping[str, Any]) -> bytes:
        return EntityKeyEncoder(self.plan.view(view).join_keys).encode(keys) + self.plan.project.encode()

    def feast(self, view: str, keys: Mapping[str, Any], values: Mapping[str, Any], event_us: int) -> None:
        """The hash that Feast's SDK writes; features that are not named are null."""
        planned = self.plan.view(view)
        fields: list[bytes] = [timestamp_field(view), encode_event_time(event_us)]
        for name, value_type in planned.features.items():
            fields += [feature_field(view, name), encode(values.get(name), value_type)]
        self.call(b"HSET", self.hash_key(view, keys), *fields)

    def packed(self, view: str, keys: Mapping[str, Any], values: Mapping[str, Any], event_us: int) -> None:
        """The packed rows of every service that reads the view."""
        for key, row in self.packed_rows(view, keys, values, event_us):
            self.call(b"SET", key, row)

    def packed_rows(
        self, view: str, keys: Mapping[str, Any], values: Mapping[str, Any], event_us: int
    ) -> Sequence[tuple[bytes, bytes]]:
        planned = self.plan.view(view)
        entity = EntityKeyEncoder(planned.join_keys).encode(keys)
        found = []
        for service in self.plan.services.values():
            if view in service.selections:
                types = {name: planned.features[name] for name in service.selections[view]}
                row = PackedRow(view, planned.join_keys, types).pack(event_us, [values.get(name) for name in types])
                found.append((packed_key(self.plan.project, service.name, view, entity), row))
        return found

    def both(self, view: str, keys: Mapping[str, Any], values: Mapping[str, Any], event_us: int) -> None:
        """What the writer writes."""
        self.feast(view, keys, values, event_us)
        self.packed(view, keys, values, event_us)
