"""Cron expressions for a moment that a test waits for."""

from datetime import UTC, datetime, timedelta


def next_minute(lead: float = 20) -> str:
    """A schedule that fires once, in the first minute that begins at least `lead` seconds from now."""
    at = datetime.now(UTC) + timedelta(seconds=lead + 60)
    return f"{at.minute} {at.hour} * * *"
