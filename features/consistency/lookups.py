"""Looks sampled entities up as clients do: features by name, and every service, which may read packed rows instead."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from features.consistency.answer import Answer, Served, answers, from_plain, plain
from features.consistency.histories import Key
from features.definition.value_type import ValueType
from features.plan import Plan, PlannedService

_BATCH = 1000  # entities of one lookup
_TIMEOUT = 30.0  # seconds; a check is in no hurry

_VALUES: Mapping[ValueType, Any] = {
    ValueType.STRING: "text",
    ValueType.BYTES: b"bytes",
    ValueType.BOOL: True,
    ValueType.DOUBLE: 100.0,
    ValueType.FLOAT: 100.0,
}


class Reader(Protocol):
    """Looks features up online: those of a service, or a list of `view:feature`."""

    def get(
        self,
        features: str | Sequence[str],
        entities: Mapping[str, Sequence[Any]],
        request: Mapping[str, Sequence[Any]] | None = None,
        *,
        timeout: float,
        at_us: int | None = None,
    ) -> Served: ...


def looked_up(plan: Plan, reader: Reader, keys: Mapping[str, Sequence[Key]]) -> Iterator[Answer]:
    """What a store answers about some entities of each view, by name and through each service."""
    for name, view in plan.views.items():
        features = [f"{name}:{feature}" for feature in view.features]
        rows = [dict(zip(view.join_keys, key, strict=True)) for key in keys[name]]
        yield from _answers(plan, reader, None, features, rows)
    for service in plan.services.values():
        rows = _rows(plan, service, keys)
        for answer in _answers(plan, reader, service.name, service.name, rows):
            if keys.get(answer.view) or answer.view in plan.on_demand:
                yield answer


def _rows(plan: Plan, service: PlannedService, keys: Mapping[str, Sequence[Key]]) -> list[dict[str, Any]]:
    """Rows to ask a service for, with plain values: every entity of its views, beside one of each other view, or one
    that does not exist where a view has none."""
    inputs = (view for name in service.on_demand for view, _ in plan.on_demand[name].inputs)
    views = list(dict.fromkeys((*service.selections, *inputs)))
    found = [dict(zip(plan.views[view].join_keys, key, strict=True)) for view in views for key in keys[view]]
    types = {name: each for view in views for name, each in plan.views[view].join_keys.items()}
    beside: dict[str, Any] = {name: plain(_VALUES.get(each, 100)) for name, each in types.items()}
    for row in reversed(found):
        beside |= row
    rows = ({**beside, **row} for row in found)
    return list({tuple(row.values()): row for row in rows}.values())


def _answers(
    plan: Plan, reader: Reader, service: str | None, features: str | Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> Iterator[Answer]:
    types = {name: each for view in plan.views.values() for name, each in view.join_keys.items()}
    for begin in range(0, len(rows), _BATCH):
        batch = rows[begin : begin + _BATCH]
        entities = {name: [from_plain(row[name], types[name]) for row in batch] for name in batch[0]}
        request = _request(plan, service, len(batch))
        at = time.time_ns() // 1000
        served = reader.get(features, entities, request or None, timeout=_TIMEOUT, at_us=at)
        yield from answers(plan, service, entities, request, served, at)


def _request(plan: Plan, service: str | None, rows: int) -> dict[str, list[Any]]:
    """Some value for each thing that the on-demand views of a service want to know of a request."""
    views = plan.services[service].on_demand if service else ()
    wanted = {name: each for view in views for name, each in plan.on_demand[view].request.items()}
    return {name: [_VALUES.get(each, 100)] * rows for name, each in wanted.items()}
