"""Times as people write them."""

from datetime import UTC, date, datetime
from typing import Any


def time_of(written: Any) -> datetime:
    """A time in UTC, from ISO 8601 or as YAML reads it; without a zone it is meant in UTC, a date is its midnight.

    Raises:
        ValueError: it is none.
    """
    if isinstance(written, date) and not isinstance(written, datetime):
        written = datetime(written.year, written.month, written.day)
    time = written if isinstance(written, datetime) else datetime.fromisoformat(str(written).strip())
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
