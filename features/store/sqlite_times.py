"""Event times in the embedded store: whole seconds in Feast's column, microseconds in a table of ours."""

from datetime import UTC, datetime
from typing import NamedTuple


class ExactTimes(NamedTuple):
    """Of the values of an entity that we wrote last, in microseconds."""

    event_us: int
    created_us: int
    event_ts: int  # as we wrote it into Feast's column: processes differ in their local time


def feast_seconds(microseconds: int) -> int:
    """A time as Feast's SDK stores it: it drops the zone of a time in UTC, then takes it for local time."""
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(tzinfo=None)
    return int(moment.timestamp())


def event_us_of(event_ts: int | None, exact: ExactTimes | None) -> int | None:
    """The event time of stored values: the exact one, unless Feast's SDK has written since."""
    if event_ts is None:
        return None
    if exact is not None and exact.event_ts == event_ts:
        return exact.event_us
    return int(datetime.fromtimestamp(event_ts).replace(tzinfo=UTC).timestamp()) * 1_000_000
