"""Event times in the embedded store: whole seconds in Feast's column, microseconds in a table of ours."""

from datetime import UTC, datetime


def feast_seconds(microseconds: int) -> int:
    """A time as Feast's SDK stores it: it drops the zone of a time in UTC, then takes it for local time."""
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(tzinfo=None)
    return int(moment.timestamp())


def event_us_of(event_ts: int | None, exact: tuple[int, int] | None) -> int | None:
    """The event time of stored values: the exact one, unless Feast's SDK has written since."""
    if event_ts is None:
        return None
    if exact is not None and feast_seconds(exact[0]) == event_ts:
        return exact[0]
    return int(datetime.fromtimestamp(event_ts).replace(tzinfo=UTC).timestamp()) * 1_000_000
