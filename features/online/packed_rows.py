"""Packed rows as values and statuses, where they still say what Feast's layout says."""

from collections.abc import Sequence

from features.layout.packed_row import PackedRow, null_places
from features.online.feast_layout import NOT_FOUND, NULL_VALUE, PRESENT, event_time
from features.online.source import Source, joined, nothing


def read_packed(
    packed: PackedRow, rows: Sequence[bytes | None], times: Sequence[bytes | None]
) -> tuple[Source, list[int]]:
    """The features in packed rows, and the positions of entities that must be read in Feast's layout instead.

    Feast's layout says what holds: a packed row counts if its event time is the one that is stored there. So an entity
    that Feast's SDK has written later is read as it was written, and one that it has deleted is not found.

    Args:
        packed: of this view and service.
        rows: as stored; None where there is none.
        times: the event times in Feast's layout, as stored.
    """
    stored = list(map(event_time, times))
    whole = _all_sound(packed, rows, stored)
    if whole is not None:
        return whole, []
    sound = [
        at
        for at, (row, event) in enumerate(zip(rows, stored, strict=True))
        if row is not None and event is not None and row.startswith(packed.head(event))
    ]
    found = _some(packed, rows, stored, sound)
    if found is None:  # a row is damaged behind its head
        sound = [at for at in sound if _some(packed, rows, stored, [at]) is not None]
        found = _some(packed, rows, stored, sound)
    assert found is not None
    width = len(packed.types)
    absent = Source([None], [[None]] * width, [[NOT_FOUND]] * width)
    places = dict(zip(sound, range(1, len(sound) + 1), strict=True))
    source = joined([absent, found]).at([places.get(at, 0) for at in range(len(rows))])
    return source, [at for at, event in enumerate(stored) if event is not None and at not in places]


def _some(
    packed: PackedRow, rows: Sequence[bytes | None], stored: Sequence[int | None], places: Sequence[int]
) -> Source | None:
    """The features at these places, if all of them can be read and count."""
    if not places:
        return nothing(len(packed.types))
    return _all_sound(packed, [rows[at] for at in places], [stored[at] for at in places])


def _all_sound(packed: PackedRow, rows: Sequence[bytes | None], stored: list[int | None]) -> Source | None:
    """The features, if every row can be read and counts."""
    if None in rows:
        return None
    try:
        events, columns, bitmaps = packed.unpack_columns(rows)  # type: ignore[arg-type]  # none is None
    except ValueError:
        return None
    if events != stored:
        return None
    present = [PRESENT] * len(rows)
    statuses = [present] * len(columns)
    if not packed.no_nulls(bitmaps):
        _put_nulls(columns, statuses, bitmaps)
    return Source([*events], columns, statuses)


def _put_nulls(columns: list[list[object]], statuses: list[list[int]], bitmaps: Sequence[bytes]) -> None:
    present = statuses[0]
    for row, bitmap in enumerate(bitmaps):
        for feature in null_places(bitmap):
            columns[feature][row] = None
            if statuses[feature] is present:
                statuses[feature] = present.copy()
            statuses[feature][row] = NULL_VALUE
