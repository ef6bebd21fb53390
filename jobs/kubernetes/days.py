"""Which days of a range a backfill has to run, and why it leaves others alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from jobs.kubernetes.application_runs import Run


@dataclass(frozen=True)
class Day:
    """What a backfill does about one day."""

    day: date
    action: Literal["run", "await", "skip"]
    why: str
    run: str | None = None  # that is awaited


def plan(days: Sequence[date], done: Collection[date], runs: Sequence[Run], again: bool = False) -> list[Day]:
    """What to do about each day.

    Args:
        days: in the order in which to run them.
        done: those that the lake's table `runs` has; none if it cannot be read.
        runs: of the job, as far as the cluster still lists them; the oldest first.
        again: run also what is done.
    """
    newest = {each.date: each for each in runs if each.date}
    return [_of(day, day in done, newest.get(day.isoformat()), again) for day in days]


def _of(day: date, is_done: bool, newest: Run | None, again: bool) -> Day:
    """The cluster's newest run of a day counts before the lake's row: a later stage of it may have failed."""
    if newest and newest.is_active:
        return Day(day, "await", f"{newest.name} is at work", newest.name)
    if again:
        return Day(day, "run", "again")
    if newest and newest.is_failed:
        return Day(day, "run", f"{newest.name} failed")
    if is_done:
        return Day(day, "skip", "done: the lake's table `runs` says so")
    if newest and newest.is_done:
        return Day(day, "skip", f"done: {newest.name} ended well")
    return Day(day, "run", "not done yet")
