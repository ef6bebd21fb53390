"""Schedules as the Spark operator reads them, and the times at which they fire.

The operator reads `spec.schedule` with the standard parser of robfig/cron v3: minute, hour, day of month, month, day
of week; or `@daily` and the like; or `@every 1h30m`; each after `CRON_TZ=ZONE` or `TZ=ZONE` if one is given. No other
dialect is accepted: no seconds, no years, no `L`, `W` or `#`, and Sunday is 0.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from cronsim import CronSim

from pipelines.errors import MisuseError


class CronError(MisuseError, ValueError):
    """No schedule, or one that never fires; the message says what to write."""


@dataclass(frozen=True)
class _Field:
    """One of the five fields of a schedule, and the values that it may have."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)
_DAYS_OF_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+")
_PART_OF_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_LONGEST = 100 * 365 * 86_400.0  # seconds
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S*)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Cron:
    """A schedule. `every` is the interval of `@every`, which has no fixed times: it counts from the last run."""

    text: str
    zone: ZoneInfo
    every: timedelta | None
    fields: tuple[frozenset[int] | None, ...]  # the values of each, None for any; () with `@every`

    @classmethod
    def parse(cls, text: str, time_zone: str = "UTC") -> "Cron":
        """Reads `spec.schedule` of a ScheduledSparkApplication whose `spec.timeZone` is `time_zone`.

        A zone in `text` wins. `Local`, the zone of the operator's pod, is taken as UTC, as in the operator's image.

        Raises:
            CronError: the operator would refuse it, or it never fires.
        """
        given = _ZONE.fullmatch(text)
        if given:
            time_zone, text = given[1], given[2]
        zone, text = zone_of(time_zone), text.strip()
        if not text:
            raise CronError("no schedule: write five fields, such as '30 2 * * *', or '@daily'")
        if text.startswith("@every "):
            return cls(text, zone, _duration(text.removeprefix("@every ")), ())
        if text.startswith("@") and text not in _DESCRIPTORS:
            known = ", ".join(_DESCRIPTORS)
            raise CronError(f"{text!r} is none of {known}, @every 1h30m")
        return cls(text, zone, None, _fields(_DESCRIPTORS.get(text, text)))

    def after(self, time: datetime) -> datetime:
        """The first firing after `time`, which has a zone; in UTC. With `@every`: an interval later."""
        return (time + self.every).astimezone(UTC) if self.every else self._firing(time, False)

    def before(self, time: datetime) -> datetime:
        """The last firing before `time`, which has a zone; in UTC. With `@every`: an interval earlier."""
        return (time - self.every).astimezone(UTC) if self.every else self._firing(time, True)

    def fires_at(self, time: datetime) -> bool:
        """Whether a run starts in that minute. With `@every` nobody knows."""
        if self.every:
            return False
        local = time.astimezone(self.zone)
        shown = (local.minute, local.hour, local.day, local.month, local.isoweekday() % 7)
        named = [each is None or value in each for each, value in zip(self.fields, shown, strict=True)]
        either = self.fields[2] is not None and self.fields[4] is not None
        return named[0] and named[1] and named[3] and (named[2] or named[4] if either else named[2] and named[4])

    @property
    def _expression(self) -> str:
        """For cronsim, with a field of seconds: so it treats changes of the clock as the operator does."""
        return " ".join(["0", *("*" if each is None else ",".join(map(str, sorted(each))) for each in self.fields)])

    def _firing(self, time: datetime, reverse: bool) -> datetime:
        """The nearest firing. At a time that the clock skips nothing fires; at one that it repeats, it fires twice."""
        for found in CronSim(self._expression, time.astimezone(self.zone), reverse):
            moment = found.astimezone(UTC)
            if moment.astimezone(self.zone).replace(tzinfo=None) == found.replace(tzinfo=None):
                return moment
        raise CronError(f"{self.text!r} never fires")


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; `Local` and the empty name are UTC.

    Raises:
        CronError: there is none.
    """
    if name in {"", "Local"}:
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a name like a folder or a path, or no zone
        raise CronError(f"{name!r} is no time zone: write UTC, or a name such as Europe/Berlin") from None


def _fields(text: str) -> tuple[frozenset[int] | None, ...]:
    parts = text.split()
    if len(parts) != len(_FIELDS):
        hint = "; it has no seconds and no years" if len(parts) in {6, 7} else ""
        raise CronError(
            f"{len(parts)} fields instead of 5 (minute, hour, day of month, month, day of week){hint}: "
            "write for instance '30 2 * * *'"
        )
    values = [_values(part, field) for part, field in zip(parts, _FIELDS, strict=True)]
    days, months, weekdays = values[2:]
    if days is not None and weekdays is None:
        longest = max(_DAYS_OF_MONTH[month - 1] for month in months or range(1, 13))
        if min(days) > longest:
            raise CronError(f"never fires: no month of {parts[3]!r} has a day {min(days)}")
    return tuple(values)


def _values(part: str, field: _Field) -> frozenset[int] | None:
    """The values that a field stands for. None for any: beside it, the other field of days decides alone."""
    items = [_item(item, field) for item in part.split(",") if item]
    if not items:
        raise CronError(f"{field.name} {part!r}: no value")
    return frozenset(chain(*filter(None, items))) if all(items) else None


def _item(item: str, field: _Field) -> range | None:
    span, *steps = item.split("/")
    first, *last = span.split("-")
    if len(steps) > 1 or len(last) > 1:
        raise CronError(f"{field.name} {item!r}: write N, N-M or N-M/STEP")
    step = _number(steps[0], item, field) if steps else 1
    if step == 0:
        raise CronError(f"{field.name} {item!r}: the step must be 1 or more")
    if first in {"*", "?"}:
        return None if step == 1 else range(field.low, field.high + 1, step)
    low = _value(first, item, field)
    up_to = field.high if steps else low
    high = _value(last[0], item, field) if last else up_to
    if high < low:
        raise CronError(
            f"{field.name} {item!r}: the range is empty; write two, such as {low}-{field.high},{field.low}-{high}"
        )
    return range(low, high + 1, step)


def _value(text: str, item: str, field: _Field) -> int:
    if text.lower() in field.names:
        return field.names.index(text.lower()) + field.low
    value = _number(text, item, field)
    if not field.low <= value <= field.high:
        hint = "; Sunday is 0" if field.names is _DAYS and value == 7 else ""
        raise CronError(f"{field.name} {item!r}: {value} is not among {field.low} … {field.high}{hint}")
    return value


def _number(text: str, item: str, field: _Field) -> int:
    if not re.fullmatch(r"\+?[0-9]{1,9}", text):
        hint = "; L, W and # are of other dialects" if re.search("[LW#]", text) else ""
        raise CronError(f"{field.name} {item!r}: {text!r} is no number{' or name' if field.names else ''}{hint}")
    return int(text)


def _duration(text: str) -> timedelta:
    """Of `@every`, to whole seconds, as the operator counts."""
    if not _DURATION.fullmatch(text.removeprefix("+")):
        raise CronError(f"@every {text}: write a duration such as 90m or 1h30m")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART_OF_DURATION.findall(text))
    if not 1 <= seconds < _LONGEST:
        raise CronError(f"@every {text}: write at least a second and at most a hundred years")
    return timedelta(seconds=int(seconds))
