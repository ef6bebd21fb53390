"""When a schedule starts its next run, and whether it should have started one already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.kubernetes.application_runs import Run
from jobs.kubernetes.schedules import Schedule

GRACE = timedelta(minutes=2)
"""So much later than its time a run may start."""

_SAME = timedelta(seconds=2)


@dataclass(frozen=True)
class Timing:
    """Of one schedule."""

    next: datetime | None  # by its cron expression, in UTC; None when no clock starts it
    missed: datetime | None  # the first firing that started no run
    late: timedelta  # since then
    why: str  # what is wrong; empty if nothing is

    @property
    def is_late(self) -> bool:
        """Whether a run should have started."""
        return self.missed is not None


def timing(schedule: Schedule, runs: Sequence[Run], now: datetime) -> Timing:
    """Compares the cron expression of a schedule with the runs that the operator started.

    The operator remembers the next start (`status.nextRun`) and keeps it when the schedule is edited. So the time that
    counts is computed from the expression, from the last start or edit on.
    """
    cron = schedule.cron
    if schedule.fault or cron is None:
        return Timing(None, None, timedelta(), f"never starts: {schedule.fault or 'its schedule cannot be read'}")
    if schedule.is_suspended:
        return Timing(None, None, timedelta(), "")
    begin = max(schedule.changed_at, schedule.last_run or schedule.changed_at)
    missed: datetime | None = cron.after(begin)
    if missed is None or missed > now - GRACE:
        return Timing(cron.after(now), None, timedelta(), _stale(schedule, cron.after(now), now))
    late = now - missed
    return Timing(cron.after(now), missed, late, f"late by {duration(late)}: {_reason(schedule, runs, now)}")


def _reason(schedule: Schedule, runs: Sequence[Run], now: datetime) -> str:
    earlier = [each for each in runs if each.is_active and each.job == schedule.job and each.started_by == "schedule"]
    if earlier and schedule.document["spec"].get("concurrencyPolicy") == "Forbid":
        return f"{earlier[-1].name} has not ended, and two runs of a schedule may not be at work together"
    if schedule.next_run and schedule.next_run > now:
        return f"the operator means to start it at {stamp(schedule.next_run)}; {_correction(schedule)}"
    return "the operator did not start it; see whether it runs, and its log (docs/how-to/kubernetes-runs.md)"


def _stale(schedule: Schedule, due: datetime, now: datetime) -> str:
    """What is wrong with the operator's own idea of the next run."""
    intended, cron = schedule.next_run, schedule.cron
    if intended is None or intended <= now or cron is None or cron.every or abs(intended - due) <= _SAME:
        return ""
    return f"the operator means to start it at {stamp(intended)} instead; {_correction(schedule)}"


def _correction(schedule: Schedule) -> str:
    patch = '{"status":{"nextRun":null}}'
    namespace = schedule.document["metadata"].get("namespace", "default")
    return (
        "it keeps the time from before the schedule was edited. To correct it: kubectl "
        f"--namespace={namespace} patch scheduledsparkapplication {schedule.name} --subresource=status --type=merge "
        f"-p '{patch}'"
    )


def stamp(time: datetime) -> str:
    """As commands print times, which are in UTC."""
    return f"{time:%Y-%m-%d %H:%M}"


def duration(span: timedelta) -> str:
    """To two units: `3 d 4 h`, `25 min`, `12 s`."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
