"""How the jobs of a namespace stand: last run, next run, what is late, what hinders them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs.kubernetes import quota
from jobs.kubernetes.application_runs import Run
from jobs.kubernetes.hindrances import Surroundings, hindrances
from jobs.kubernetes.lake_rows import StageRow
from jobs.kubernetes.lateness import Timing, timing
from jobs.kubernetes.schedules import Schedule

ReadLog = Callable[[Run], Sequence[str]]


@dataclass(frozen=True)
class Standing:
    """Of one job."""

    schedule: Schedule
    timing: Timing
    last: Run | None  # the newest that the cluster still lists, whoever started it
    others: Sequence[Run]  # at work besides
    problems: Sequence[str]
    row: StageRow | None  # the last of the lake's table `runs`

    @property
    def is_bad(self) -> bool:
        """Whether a run is late, never starts, or the last one failed."""
        return self.timing.is_late or bool(self.schedule.fault) or bool(self.last and self.last.is_failed)

    @property
    def state(self) -> str:
        """Of the last run."""
        if self.last:
            return self.last.state
        return "not listed" if self.schedule.last_run else "never ran"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "job": self.schedule.job,
            "schedule": self.schedule.name,
            "suspended": self.schedule.is_suspended,
            "last_run": _run(self.last) if self.last else None,
            "at_work": [_run(each) for each in self.others],
            "last_start_by_schedule": _time(self.schedule.last_run),
            "next_run": _time(self.timing.next),
            "missed": _time(self.timing.missed),
            "late_seconds": round(self.timing.late.total_seconds()),
            "problems": list(self.problems),
            "lake": None if self.row is None else {**vars(self.row), "finished_at": _time(self.row.finished_at)},
        }


def standing(
    schedule: Schedule,
    runs: Sequence[Run],
    around: Surroundings,
    rows: Mapping[str, StageRow],
    now: datetime,
    read_log: ReadLog,
) -> Standing:
    """How one job stands.

    Args:
        schedule: of the job.
        runs: all of the namespace, the oldest first.
        around: what else the namespace has.
        rows: stage -> its last row of the lake's table `runs`.
        now: in UTC.
        read_log: the last lines of a driver; asked for runs that are at work.
    """
    own = [each for each in runs if each.job == schedule.job]
    last = own[-1] if own else None
    others = [each for each in own[:-1] if each.is_active]
    timed = timing(schedule, own, now)
    problems = [timed.why] if timed.why else []
    for run in (*others, *([last] if last else [])):
        log = read_log(run) if run.state == "running" else ()
        problems += [_of_run(run, said) for said in hindrances(run, around, now, log)]
    if not schedule.is_suspended and not (last and last.is_active):
        problems += quota.shortages(schedule.template, around.quotas, schedule.job, running=True)
    row = rows.get(schedule.job)
    if row and row.error:
        problems.append(f"the lake's table `runs`: {row.error}")
    return Standing(schedule, timed, last, others, list(dict.fromkeys(problems)), row)


def _of_run(run: Run, said: str) -> str:
    return said if run.name in said else f"{run.name}: {said}"


def _run(run: Run) -> dict[str, Any]:
    return {
        "name": run.name,
        "state": run.state,
        "date": run.date,
        "started_by": run.started_by,
        "created": _time(run.created),
        "ended": _time(run.ended),
        "attempts": run.attempts,
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="seconds")
