"""Fields of Feast's layout as values and statuses."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from features.freshness import Status
from features.layout.event_time import decode_event_time
from features.layout.value import ValueBytesError
from features.layout.value_reader import Reader
from features.online.read import Fields
from features.online.source import Source, joined, nothing

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


def read_fields(rows: Sequence[Fields | None], readers: Sequence[Reader]) -> Source:
    """The features of a view out of rows of an event time and their fields.

    A row without event time does not exist, whatever else there is; of a row that exists, a field that does not is
    null: the feature is younger than the row. A row whose event time cannot be read, and what is no hash, is INVALID.

    Args:
        rows: as stored; None where there is no hash.
        readers: of each feature.
    """
    events = [DAMAGED if fields is None else event_time(fields[0]) for fields in rows]
    there = [at for at, event in enumerate(events) if event is not None and event != DAMAGED]
    found = _existing([rows[at] for at in there], [events[at] for at in there], readers)  # type: ignore[misc]
    if len(there) == len(rows):
        return found
    width = len(readers)
    others = Source([None, None], [[None, None]] * width, [[NOT_FOUND, INVALID]] * width)
    places = dict(zip(there, range(2, len(there) + 2), strict=True))
    return joined([others, found]).at([places.get(at, 1 if event else 0) for at, event in enumerate(events)])


def _existing(rows: Sequence[Fields], events: list[int | None], readers: Sequence[Reader]) -> Source:
    if not rows:
        return nothing(len(readers))
    _, *fields = zip(*rows, strict=True)
    present = [PRESENT] * len(rows)
    columns: list[list[Any]] = []
    statuses: list[list[int]] = []
    for cells, read in zip(fields, readers, strict=True):
        try:
            columns.append([read(cell) if cell else None for cell in cells])
            statuses.append(present if all(cells) else [PRESENT if cell else NULL_VALUE for cell in cells])
        except ValueBytesError:
            found = [_cell(cell, read) for cell in cells]
            columns.append([value for value, _ in found])
            statuses.append([status for _, status in found])
    return Source(events, columns, statuses)


def _cell(stored: bytes | None, read: Reader) -> tuple[Any, int]:
    if not stored:
        return None, NULL_VALUE
    try:
        return read(stored), PRESENT
    except ValueBytesError:
        return None, INVALID
