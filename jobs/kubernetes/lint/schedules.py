"""When runs start, and what happens when one is still at work."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import combinations

from jobs.kubernetes.cron import Cron, CronError, zone_of
from jobs.kubernetes.lint.given import Application, Given
from jobs.kubernetes.lint.node import Node
from jobs.kubernetes.lint.rule import Family, Fault

FAMILY = Family("schedule")

_POLICIES = ("Allow", "Forbid", "Replace")
_START = datetime(2026, 1, 1, tzinfo=UTC)
_FIRINGS = 60  # of a weekly schedule, more than a year


@FAMILY.rule(
    "cron",
    "the operator cannot read the schedule, or it never fires; the status then says so, the API server does not",
    "five fields (minute, hour, day of month, month, day of week), such as '30 2 * * *', or '@daily'",
)
def cron(given: Given) -> Iterator[Fault]:
    """Without its zone, which is a rule of its own."""
    for _, schedule in given.schedules:
        try:
            Cron.parse(schedule["schedule"].text)
        except CronError as error:
            yield Fault(schedule["schedule"], str(error))


@FAMILY.rule(
    "policy",
    "concurrencyPolicy is none of Allow, Forbid, Replace: the operator starts no run while an earlier one exists",
    "concurrencyPolicy: Forbid",
)
def policy(given: Given) -> Iterator[Fault]:
    """The operator has no default."""
    for _, schedule in given.schedules:
        value = schedule["concurrencyPolicy"]
        if value.text not in _POLICIES:
            yield Fault(value, f"{value.text!r} is no policy" if value else "missing, and there is no default")


@FAMILY.rule(
    "overlap",
    "a run may start beside one that is at work, or end it; of two runs on one lake the second fails",
    "concurrencyPolicy: Forbid",
)
def overlap(given: Given) -> Iterator[Fault]:
    """Allow and Replace."""
    for _, schedule in given.schedules:
        value = schedule["concurrencyPolicy"]
        if value.text in {"Allow", "Replace"}:
            effect = "starts a second run" if value.text == "Allow" else "kills the run at work"
            yield Fault(value, f"{value.text} {effect}")


@FAMILY.rule(
    "zone",
    "timeZone is missing, unknown, or changes its clock: runs move by an hour, are left out or doubled",
    "timeZone: UTC",
)
def zone(given: Given) -> Iterator[Fault]:
    """The zone that counts, which a schedule may name itself."""
    for _, schedule in given.schedules:
        text, value = schedule["schedule"].text, schedule["timeZone"]
        if text.startswith(("TZ=", "CRON_TZ=")):
            name, place = text.partition("=")[2].split(" ")[0], schedule["schedule"]
            if value and value.text != name:
                yield Fault(value, f"{value.text} is not used: the schedule names {name}")
        else:
            name, place = value.text, value
        yield from (Fault(place, wrong) for wrong in _wrong_zone(name))


def _wrong_zone(name: str) -> Iterator[str]:
    if name in {"", "Local"}:
        yield f"{name or 'missing'}: the zone of the operator's pod counts"
        return
    try:
        found = zone_of(name)
    except CronError as error:
        yield str(error)
        return
    offsets = {(_START + timedelta(days=day)).astimezone(found).utcoffset() for day in range(0, 366, 7)}
    if len(offsets) > 1:
        yield f"{name} changes its clock during the year"


@FAMILY.rule(
    "history",
    "no finished run is kept, so nothing is left to look at when one has failed",
    "1 or more; old runs go by timeToLiveSeconds too",
)
def history(given: Given) -> Iterator[Fault]:
    """A limit that is left out is 1."""
    for _, schedule in given.schedules:
        for key in ("successfulRunHistoryLimit", "failedRunHistoryLimit"):
            number = schedule[key].number
            if number is not None and number < 1:
                yield Fault(schedule[key], f"{number} keeps no run")


@FAMILY.rule(
    "clash",
    "two schedules of one application start at the same minute, and the second finds the lake locked",
    "minutes of their own, each late enough for the run before it",
)
def clash(given: Given) -> Iterator[Fault]:
    """One application: the same namespace, and the same label app.kubernetes.io/part-of, or else /name."""
    chains: dict[tuple[str, str], list[tuple[Application, Node, Cron]]] = {}
    for application, schedule in given.schedules:
        chain, parsed = _chain(application), _parsed(schedule)
        if chain and parsed and schedule["suspend"].value is not True:
            chains.setdefault(chain, []).append((application, schedule, parsed))
    for members in chains.values():
        times = [_firings(parsed) for _, _, parsed in members]
        for one, other in combinations(range(len(members)), 2):
            rare, frequent = sorted((one, other), key=lambda each: times[each][-1:], reverse=True)
            moment = next((each for each in times[rare] if members[frequent][2].fires_at(each)), None)
            if moment:
                when = moment.strftime("%Y-%m-%d %H:%M UTC")
                first = members[one][0].document.name
                yield Fault(members[other][1]["schedule"], f"starts with {first}, for instance {when}")


def _chain(application: Application) -> tuple[str, str] | None:
    labels = application.document.top["metadata"]["labels"]
    name = labels["app.kubernetes.io/part-of"].text or labels["app.kubernetes.io/name"].text
    return (application.document.namespace, name) if name else None


def _parsed(schedule: Node) -> Cron | None:
    try:
        return Cron.parse(schedule["schedule"].text, schedule["timeZone"].text)
    except CronError:
        return None


@lru_cache(maxsize=64)
def _firings(schedule: Cron) -> list[datetime]:
    """The next ones. `@every` has no times that anyone could know."""
    found, moment = [], _START
    for _ in range(0 if schedule.every else _FIRINGS):
        moment = schedule.after(moment)
        found.append(moment)
    return found
