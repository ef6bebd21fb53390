"""What a lookup returned for one entity of one view, in a form that can be written as JSON and compared."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import mmh3

from features.definition.value_type import ValueType
from features.layout.value import seconds
from features.plan import Plan

Columns = Mapping[str, Sequence[Any]]
"""Column -> one value for each entity that was asked for."""


class Served(Protocol):
    """The answer to a request: of each feature its view, and a value, a status and an event time for each entity."""

    @property
    def names(self) -> Sequence[str]: ...
    @property
    def views(self) -> Sequence[str]: ...
    @property
    def columns(self) -> Sequence[Sequence[Any]]: ...
    @property
    def statuses(self) -> Sequence[Sequence[int]]: ...
    @property
    def event_times(self) -> Sequence[Sequence[int | None]]: ...


@dataclass(frozen=True)
class Answer:
    """One entity of one view, or on-demand view. Values are as `plain` makes them."""

    at: int  # time of the request, microseconds since the epoch
    plan: str  # fingerprint of the plan it was served by
    service: str | None  # None if features were asked for by name
    view: str
    keys: Mapping[str, Any]  # join key -> value
    request: Mapping[str, Any]  # of an on-demand view: what the request brought
    event: int | None  # event time of the row, microseconds; None if there is none
    values: Mapping[str, Any]  # feature -> value
    statuses: Mapping[str, int]  # feature -> number of its status

    def to_json(self) -> str:
        """One line of JSON, without its end."""
        return json.dumps(vars(self), separators=(",", ":"))

    @staticmethod
    def from_json(line: str | bytes) -> "Answer":
        """The reverse of `to_json`.

        Raises:
            ValueError: the line is no answer.
        """
        try:
            found = json.loads(line)
            if not isinstance(found["at"], int) or not isinstance(found["values"], dict):
                raise ValueError("this is no answer")
            return Answer(**found)
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no answer: {error!r}") from error


def answers(
    plan: Plan, service: str | None, entities: Columns, request: Columns, served: Served, at: int, share: float = 1.0
) -> Iterator[Answer]:
    """The answers of one request, once for each entity of a view, of a share of all entities."""
    places: dict[str, list[int]] = {}
    for place, view in enumerate(served.views):
        places.setdefault(view, []).append(place)
    sampled: dict[tuple[str, ...], list[int]] = {}
    for view, columns in places.items():
        keys = tuple(join_keys(plan, view))
        if keys not in sampled:
            sampled[keys] = _sampled_rows(keys, entities, share)
        if not sampled[keys]:
            continue
        names = [served.names[at].removeprefix(f"{view}:").removeprefix(f"{view}__") for at in columns]
        wanted = tuple(plan.on_demand[view].request) if view in plan.on_demand else ()
        seen = set()
        for row in sampled[keys]:
            own = {name: plain(entities[name][row]) for name in keys}
            brought = {name: plain(request[name][row]) for name in wanted}
            identity = (*own.values(), *brought.values())
            if identity in seen:
                continue
            seen.add(identity)
            yield Answer(
                at=at,
                plan=plan.fingerprint,
                service=service,
                view=view,
                keys=own,
                request=brought,
                event=served.event_times[columns[0]][row],
                values={name: plain(served.columns[at][row]) for name, at in zip(names, columns, strict=True)},
                statuses={name: int(served.statuses[at][row]) for name, at in zip(names, columns, strict=True)},
            )


def _sampled_rows(keys: Sequence[str], entities: Columns, share: float) -> list[int]:
    """The rows whose entity belongs to a share of all. This is all that a request costs which is not logged."""
    columns = [[_text(value) for value in entities[name]] for name in sorted(keys)]
    texts = columns[0] if len(columns) == 1 else map("\0".join, zip(*columns, strict=True))
    limit, hashed = share * (1 << 32), mmh3.hash
    return [row for row, text in enumerate(texts) if hashed(text, 0, False) < limit]


def is_sampled(keys: Mapping[str, Any], share: float) -> bool:
    """Whether an entity belongs to this share of all entities. A larger share holds every smaller one."""
    return place_of(keys) < share


def place_of(keys: Mapping[str, Any]) -> float:
    """A number from 0 to below 1 that belongs to an entity, evenly distributed over entities."""
    return mmh3.hash("\0".join([_text(keys[name]) for name in sorted(keys)]), 0, False) / (1 << 32)


def _text(value: Any) -> str:
    return value if type(value) is str else repr(plain(value))


def join_keys(plan: Plan, view: str) -> list[str]:
    """The keys of a view; of an on-demand view, those of the views that it reads."""
    on_demand = plan.on_demand.get(view)
    views = [view] if on_demand is None else [name for name, _ in on_demand.inputs]
    return list(dict.fromkeys(key for name in views for key in plan.view(name).join_keys))


def plain(value: Any) -> Any:
    """A value as JSON has it: times as whole seconds, as the online store holds them, and bytes as base64."""
    if isinstance(value, datetime):
        return seconds(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def from_plain(value: Any, value_type: ValueType) -> Any:
    """The reverse of `plain`, for a value of this type."""
    if value is None:
        return None
    if value_type.is_list:
        return [from_plain(each, value_type.element) for each in value]
    if value_type is ValueType.UNIX_TIMESTAMP:
        return datetime.fromtimestamp(value, UTC)
    return base64.b64decode(value) if value_type is ValueType.BYTES else value
