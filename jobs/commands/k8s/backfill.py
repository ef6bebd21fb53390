"""`tokenlake k8s backfill`."""

import argparse
import signal
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from rich.table import Table as Grid

from jobs import interruption
from jobs.cli import UsageError
from jobs.commands.k8s.status import wide_console
from jobs.dates import days
from jobs.kubernetes.application_runs import runs
from jobs.kubernetes.backfilling import Backfill, Outcome
from jobs.kubernetes.cluster import Cluster
from jobs.kubernetes.days import Day, plan
from jobs.kubernetes.lake_rows import UnreadableLakeError, days_done
from jobs.kubernetes.schedules import choose, schedules
from jobs.progress import Reporter


def backfill(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Runs a job for each day that is not done; exit status 1 if a day failed.

    Raises:
        MisuseError: there is no such job, or no such days.
        ClusterError: the cluster cannot be reached, or does not allow it.
    """
    if arguments.follow and arguments.parallel > 1:
        raise UsageError("--follow prints one log at a time: it needs --parallel 1")
    wanted = days(arguments.days)
    if wanted[-1] > datetime.now(UTC).date() + timedelta(days=1):  # where it is morning, tomorrow's files are there
        raise UsageError(f"{arguments.days}: {wanted[-1]} has not come yet: end the range at the last day with files")
    cluster = Cluster(arguments.namespace, arguments.context)
    schedule = choose(schedules(cluster), arguments.job)
    lake = arguments.lake or schedule.lake
    planned = plan(wanted, _done(lake, reporter), runs(cluster, schedule.job), arguments.again)
    if arguments.dry_run:
        _show(planned)
        return 0

    def say(text: str) -> None:
        reporter.event("backfill", text)

    work = Backfill(
        cluster, schedule, arguments.parallel, arguments.keep_going, say, print if arguments.follow else None
    )
    interruption.tell(lambda number: _interrupted(number, work))
    outcomes = work.carry_out(planned)
    _show_outcomes(outcomes)
    return 0 if all(each.state in {"done", "skipped"} for each in outcomes) else 1


def _done(lake: str | None, reporter: Reporter) -> set[date]:
    """The days that are done by the lake's table `runs`; none if it cannot be read, which is said."""
    if lake is None:
        return set()
    try:
        return days_done(lake, "ingest")
    except UnreadableLakeError as error:
        message = f"note: {error}; what is done is taken from the runs that the cluster still lists"
        reporter.event("lake_unreadable", message)
        return set()


def _interrupted(number: int, work: Backfill) -> str:
    going = f"; {', '.join(sorted(work.active))} go on in the cluster" if work.active else ""
    return f"tokenlake: interrupted by {signal.Signals(number).name}{going}; the same command continues the backfill"


def _show(planned: Sequence[Day]) -> None:
    grid = Grid("day", "action", "why", box=None, header_style="bold")
    for each in planned:
        grid.add_row(each.day.isoformat(), each.action, each.why)
    wide_console().print(grid)


def _show_outcomes(outcomes: Sequence[Outcome]) -> None:
    grid = Grid("day", "outcome", "", "run", box=None, header_style="bold")
    for each in outcomes:
        grid.add_row(each.day.isoformat(), each.state, each.why, each.run)
    wide_console().print(grid)
