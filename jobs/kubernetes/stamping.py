"""A schedule -> a single run of it: a SparkApplication with the same spec.

A run does not carry the operator's label of scheduled runs, and the schedule does not own it: the operator would count
it among the runs of the schedule, delete the oldest of them, and take it for the last one. It goes when its time to
live has passed.
"""

import copy
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from jobs.kubernetes.application_runs import DATE, STARTED_BY
from jobs.kubernetes.applications import API
from jobs.kubernetes.cluster import Manifest
from jobs.kubernetes.schedules import Schedule
from pipelines.errors import MisuseError

LONGEST = 63
"""Characters of a run's name: the operator writes it into labels, and names Services after it."""

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # no vowels: no words; nothing that looks like something else

_NO_DAY = (
    "what {job} works on has no day: it takes whatever the stages before have not given it yet. For a day from end to "
    "end: tokenlake k8s run pipeline --date {day}"
)


class NoDayError(MisuseError, ValueError):
    """The job does not know of days."""


def stamp(
    schedule: Schedule,
    now: datetime,
    started_by: str,
    day: date | None = None,
    extra: Sequence[str] = (),
    suffix: str | None = None,
) -> Manifest:
    """The SparkApplication of a single run.

    Args:
        schedule: whose spec it has.
        now: of the name, unless `day` is given.
        started_by: `run` or `backfill`.
        day: what the run reads.
        extra: further arguments of the job, behind those of the schedule.
        suffix: distinguishes runs of one second or day; by default by chance.

    Raises:
        NoDayError: the job does not know of days.
        MisuseError: a job without a task of its own is given none.
    """
    spec = copy.deepcopy(dict(schedule.template))
    arguments = [*schedule.arguments, *dated(schedule.job, day), *extra]
    if not arguments:
        raise MisuseError(
            f"{schedule.job} runs any command of tokenlake: write it after --, such as\n"
            f"  tokenlake k8s run {schedule.job} -- tables s3://bucket/lake"
        )
    added = {STARTED_BY: started_by, **({DATE: day.isoformat()} if day else {})}
    labels = {**schedule.document["metadata"].get("labels", {}), **added}
    for role in ("driver", "executor"):
        metadata = spec[role].setdefault("template", {}).setdefault("metadata", {})
        metadata["labels"] = {**metadata.get("labels", {}), **added}
    return {
        "apiVersion": API,
        "kind": "SparkApplication",
        "metadata": {"name": name(schedule.name, now, day, suffix), "labels": labels},
        "spec": {**spec, "arguments": arguments},
    }


def name(schedule: str, now: datetime, day: date | None, suffix: str | None = None) -> str:
    """The name of a run: `SCHEDULE-YYYY-MM-DD-xxxxx`, or with the time; a DNS label that the operator accepts."""
    when = day.isoformat() if day else f"{now:%Y%m%d-%H%M%S}"
    end = f"-{when}-{suffix or ''.join(secrets.choice(_LETTERS) for _ in range(5))}"
    return schedule[: LONGEST - len(end)].rstrip("-") + end


def dated(job: str, day: date | None) -> list[str]:
    """The arguments that make a job work on one day.

    Raises:
        NoDayError: it does not know of days.
    """
    if day is None:
        return []
    if job in {"ingest", "pipeline"}:
        return ["--date", day.isoformat()]
    if job == "materialize":
        return ["--up-to", f"{day + timedelta(days=1)}T00:00Z"]
    if job == "command":
        raise NoDayError(f"write the day among the arguments of the command: tokenlake k8s run command -- … {day}")
    raise NoDayError(_NO_DAY.format(job=job, day=day))
