"""Schedules are read, and fire, as the Spark operator's parser (robfig/cron v3) has it.

The expected firings of the first table were computed by robfig/cron v3.0.1 itself.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.kubernetes.cron import Cron, CronError

START = datetime(2026, 2, 27, 12, 30, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "first", "second"),
    [
        ("30 2 * * *", "UTC", "2026-02-28T02:30:00Z", "2026-03-01T02:30:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-02-28T01:30:00Z", "2026-03-01T01:30:00Z"),
        ("@daily", "UTC", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("@hourly", "Local", "2026-02-27T13:00:00Z", "2026-02-27T14:00:00Z"),
        ("@weekly", "UTC", "2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z"),
        ("@monthly", "UTC", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ("@yearly", "UTC", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"),
        ("*/20 9-17 * * MON-fri", "UTC", "2026-02-27T12:40:00Z", "2026-02-27T13:00:00Z"),
        ("0 0 29 2 *", "UTC", "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"),
        ("0 0 13 * FRI", "UTC", "2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z"),
        ("0 0 */10 * 1", "UTC", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
        ("0 0 * * 0,3", "UTC", "2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z"),
        ("5/25 ? ? JAN,mar ?", "UTC", "2026-03-01T00:05:00Z", "2026-03-01T00:30:00Z"),
        ("TZ=Asia/Tokyo 0 9 * * *", "UTC", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("CRON_TZ=America/New_York 30 2 8-9 3 *", "UTC", "2026-03-09T06:30:00Z", "2027-03-08T07:30:00Z"),
        ("0 0 29-30 3 *", "Asia/Beirut", "2026-03-29T21:00:00Z", "2027-03-28T21:00:00Z"),
        ("@every 1h30m", "UTC", "2026-02-27T14:00:30Z", "2026-02-27T15:30:30Z"),
    ],
)
def test_fires_when_the_operators_parser_says(text, zone, first, second):
    schedule = Cron.parse(text, zone)
    found = schedule.after(START)
    assert (found, schedule.after(found)) == (datetime.fromisoformat(first), datetime.fromisoformat(second))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not a cron", "3 fields instead of 5"),
        ("", "no schedule"),
        ("0 30 2 * * *", "no seconds"),
        ("0 0 L * *", "other dialects"),
        ("0 0 15W * *", "other dialects"),
        ("0 0 * * 5#2", "other dialects"),
        ("0 0 * * 7", "Sunday is 0"),
        ("60 * * * *", "60 is not among 0 … 59"),
        ("0 0 0 * *", "0 is not among 1 … 31"),
        ("0 0 * * FRI-MON", "5-6,0-1"),
        ("*/0 * * * *", "step must be 1 or more"),
        ("1-2-3 * * * *", "N-M"),
        (", * * * *", "no value"),
        ("*,x * * * *", "'x' is no number"),
        ("0 0 30 2 *", "no month of '2' has a day 30"),
        ("0 0 31 4,6,9,11 *", "never fires"),
        ("@fortnightly", "is none of"),
        ("@every 5", "duration such as 90m"),
        ("@every 1h 30m", "duration such as 90m"),
        ("@every -1h", "duration such as 90m"),
        ("@every 500ms", "at least a second"),
        ("@every 9999999h", "at most a hundred years"),
        ("CRON_TZ=UTC", "no schedule"),
        ("TZ=Mars/Olympus 0 0 * * *", "is no time zone"),
    ],
)
def test_refuses_what_the_operator_refuses_or_never_fires(text, says):
    with pytest.raises(CronError, match=says.replace("*", r"\*")):
        Cron.parse(text)


@pytest.mark.parametrize("zone", ["America", "../etc/passwd", "/usr/share/zoneinfo/UTC", "Berlin", "utc\0"])
def test_refuses_a_name_that_is_no_zone(zone):
    with pytest.raises(CronError, match="is no time zone"):
        Cron.parse("0 0 * * *", zone)


def test_every_counts_from_the_time_that_is_given():
    schedule = Cron.parse("@every 1h30m5.9s")
    assert schedule.every == timedelta(hours=1, minutes=30, seconds=5)
    assert schedule.after(START) - START == START - schedule.before(START) == schedule.every


_ITEM = st.one_of(st.just("*"), st.integers(1, 12).map(str), st.sampled_from(["*/3", "2-9/2", "5/4", "1-6"]))
_TEXT = st.lists(_ITEM, min_size=5, max_size=5).map(
    lambda parts: " ".join([*parts[:4], "*" if parts[4] > "7" else "1-5"])
)
_ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut"]
_TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)).map(lambda time: time.replace(tzinfo=UTC))


def matches(text: str, local: datetime) -> bool:
    """By definition, without a parser: the wall clock shows a time that each field names."""

    def named(part: str, value: int, low: int, high: int) -> bool:
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = low if first == "*" else int(first)
        end = high if first == "*" or (step and not last) else int(last or first)
        return start <= value <= end and (value - start) % int(step or 1) == 0

    minute, hour, day, month, weekday = text.split()
    by_day, by_weekday = named(day, local.day, 1, 31), named(weekday, local.isoweekday() % 7, 0, 6)
    days = by_day and by_weekday if "*" in {day, weekday} else by_day or by_weekday
    return (
        days
        and named(minute, local.minute, 0, 59)
        and named(hour, local.hour, 0, 23)
        and named(month, local.month, 1, 12)
    )


@given(_TEXT, st.sampled_from(_ZONES), _TIMES)
def test_every_firing_is_a_time_that_the_fields_name_and_none_lies_between(text, zone, time):
    try:
        schedule = Cron.parse(text, zone)
    except CronError:
        assert "3" in text.split()[2]  # a day that never comes
        return
    found, place = schedule.after(time), ZoneInfo(zone)
    assert found > time
    assert (found.second, found.microsecond) == (0, 0)
    assert matches(text, found.astimezone(place))
    assert schedule.fires_at(found)
    minute = time.replace(second=0, microsecond=0)
    for number in range(1, min(2000, (found - minute) // timedelta(minutes=1))):
        between = minute + timedelta(minutes=number)
        assert not matches(text, between.astimezone(place))
        assert not schedule.fires_at(between)


@given(_TEXT, st.sampled_from(_ZONES), _TIMES)
def test_before_undoes_after(text, zone, time):
    try:
        schedule = Cron.parse(text, zone)
    except CronError:
        return
    found = schedule.after(time)
    assert schedule.before(schedule.after(found)) == found
    assert schedule.before(found) <= time < found
