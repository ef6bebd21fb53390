"""Counts packed rows that are lost or older than Feast's layout: no value is wrong, but lookups take longer."""

import time
from collections.abc import Iterator, Mapping, Sequence

from features.consistency.answer import from_plain
from features.consistency.histories import Key
from features.layout.entity_key import EntityKeyEncoder
from features.layout.packed_row import PackedRow, packed_key
from features.online.packed_rows import read_packed
from features.online.read import Hashes, HashShape, PackedRows, Part, Read, Store
from features.plan import Plan, PlannedView

_BATCH = 1000  # entities of one read
_TIMEOUT = 30.0  # seconds for each


def unpacked_rows(plan: Plan, store: Store, keys: Mapping[str, Sequence[Key]]) -> Iterator[tuple[str, int, int]]:
    """For each view of each service: the view, packed rows that should be there, and how many of these do not count.

    Args:
        plan: the definitions.
        store: where they are.
        keys: of each view, entities to look for; those that are not online have no packed row.

    Raises:
        StoreError: the store did not answer in time.
    """
    for service in plan.services.values():
        for name, features in service.selections.items():
            view = plan.views[name]
            row = PackedRow(name, view.join_keys, {feature: view.features[feature] for feature in features})
            prefix = packed_key(plan.project, service.name, name, b"")
            for begin in range(0, len(keys[name]), _BATCH):
                entities = _encoded(view, keys[name][begin : begin + _BATCH])
                yield name, *_counts(plan.project, store, view, row, prefix, entities)


def _counts(
    project: str, store: Store, view: PlannedView, row: PackedRow, prefix: bytes, entities: Sequence[bytes]
) -> tuple[int, int]:
    wanted = Read([PackedRows(prefix, entities)], [Hashes(HashShape(project, (Part(view.name),)), entities)])
    found = store.read(wanted, time.monotonic() + _TIMEOUT)
    times = [fields[0] if fields else None for fields in found.hashes[0]]
    _, unsaid = read_packed(row, found.packed[0], times)
    return sum(each is not None for each in times), len(unsaid)


def _encoded(view: PlannedView, keys: Sequence[Key]) -> list[bytes]:
    encoder = EntityKeyEncoder(view.join_keys)
    types = view.join_keys.items()
    return [
        encoder.encode({name: from_plain(value, each) for (name, each), value in zip(types, key, strict=True)})
        for key in keys
    ]
