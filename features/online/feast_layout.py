"""Fields of Feast's layout as values and statuses."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from features.definition.value_type import ValueType
from features.freshness import Status
from features.layout.event_time import decode_event_time
from features.layout.value import ValueBytesError, decode
from features.online.read import Fields
from features.online.source import Source

INVALID, PRESENT, NULL_VALUE, NOT_FOUND, OUTSIDE_MAX_AGE = map(int, Status)

NO_TIME = b"\xff"
"""Bytes that hold no time."""

DAMAGED = -1 << 63
"""Instead of an event time that cannot be read."""


@lru_cache(maxsize=8192)  # entities that were written together have one event time
def event_time(stored: bytes | None) -> int | None:
    """The event time in a field; None where there is none, DAMAGED where it is no time."""
    if stored is None:
        return None
    try:
        return decode_event_time(stored)
    except ValueBytesError:
        return DAMAGED


def read_fields(rows: Sequence[Fields | None], types: Sequence[ValueType]) -> Source:
    """The features of a view out of rows of an event time and their fields.

    A row without event time does not exist, whatever else there is; of a row that exists, a field that does not is
    null: the feature is younger than the row.
    """
    events: list[int | None] = []
    values: list[list[Any]] = []
    statuses: list[list[int]] = []
    for fields in rows:
        event = DAMAGED if fields is None else event_time(fields[0])
        if event is None or event == DAMAGED:
            events.append(None)
            values.append([None] * len(types))
            statuses.append([NOT_FOUND if event is None else INVALID] * len(types))
            continue
        assert fields is not None
        found = [_cell(field, value_type) for field, value_type in zip(fields[1:], types, strict=True)]
        events.append(event)
        values.append([value for value, _ in found])
        statuses.append([status for _, status in found])
    return Source(events, list(map(list, zip(*values, strict=True))), list(map(list, zip(*statuses, strict=True))))


def _cell(stored: bytes | None, value_type: ValueType) -> tuple[Any, int]:
    if not stored:
        return None, NULL_VALUE
    try:
        return decode(stored, value_type), PRESENT
    except ValueBytesError:
        return None, INVALID
