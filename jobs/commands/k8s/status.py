"""`tokenlake k8s status`."""

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table as Grid

from jobs.kubernetes.application_runs import runs
from jobs.kubernetes.cluster import Cluster
from jobs.kubernetes.hindrances import driver_log, look
from jobs.kubernetes.lake_rows import StageRow, UnreadableLakeError, last_rows
from jobs.kubernetes.lateness import duration, stamp
from jobs.kubernetes.schedules import Schedule, choose, schedules
from jobs.kubernetes.standing import Standing, standing
from jobs.progress import Reporter


def status(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints how the jobs stand; exit status 1 if one is late, or its last run failed.

    Raises:
        MisuseError: there is no such job.
        ClusterError: the cluster cannot be reached, or does not allow it.
    """
    cluster = Cluster(arguments.namespace, arguments.context)
    known = schedules(cluster)
    chosen = [choose(known, name) for name in arguments.jobs] or known
    rows, unread = _rows(arguments, chosen)
    found, around, now = runs(cluster), look(cluster), datetime.now(UTC)
    stands = [standing(each, found, around, rows, now, lambda run: driver_log(cluster, run)) for each in chosen]
    if arguments.json:
        shape = {"namespace": cluster.namespace, "time": now.isoformat(timespec="seconds"), "lake_unread": unread}
        print(json.dumps({**shape, "jobs": [each.as_json() for each in stands]}, indent=2))
    else:
        _show(stands, cluster.namespace, now, unread)
    return 1 if any(each.is_bad for each in stands) else 0


def _rows(arguments: argparse.Namespace, chosen: Sequence[Schedule]) -> tuple[dict[str, StageRow], str]:
    """The last rows of the lake's table `runs`, and why there are none."""
    lake = arguments.lake or next((each.lake for each in chosen if each.lake), None)
    if arguments.no_lake or lake is None:
        return {}, ""
    try:
        return last_rows(lake), ""
    except UnreadableLakeError as error:
        return {}, str(error)


def _show(stands: Sequence[Standing], namespace: str, now: datetime, unread: str) -> None:
    """In 100 columns: the schedules, the rows of the lake, and what needs attention."""
    console = wide_console()
    console.print(f"namespace {namespace}, {stamp(now)} UTC; all times in UTC\n")
    console.print(_schedules(stands, now))
    at_work = [run for each in stands for run in each.others]
    if at_work:
        console.print("\nat work besides:")
        for run in at_work:
            console.print(f"  {run.name}: {run.state} for {duration(now - run.created)}")
    with_rows = [each.row for each in stands if each.row]
    if with_rows:
        console.print("\nlast commits, from the lake's table `runs`:")
        console.print(_commits(with_rows))
    if unread:
        console.print(f"\n{unread}")
    if any(each.problems for each in stands):
        console.print("\nneeds attention:")
    for each in stands:
        for problem in each.problems:
            console.print(f"  {each.schedule.job}: {problem}")


def wide_console() -> Console:
    """For tables of up to 100 columns, which a narrower terminal wraps and never cuts."""
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.width = max(100, console.width)
    return console


def _schedules(stands: Sequence[Standing], now: datetime) -> Grid:
    grid = Grid("job", "last run", "began", "took", "by", "next run", box=None, header_style="bold")
    for column in grid.columns:
        column.no_wrap = True
    for each in stands:
        last = each.last
        began = last.created if last else each.schedule.last_run
        ended = (last.ended or now) if last else None
        took = duration(ended - last.created) if last and ended else ""
        by = f"{last.started_by} {last.date or ''}".rstrip() if last else ""
        grid.add_row(each.schedule.job, each.state, stamp(began) if began else "", took, by, _next(each))
    return grid


def _next(each: Standing) -> str:
    if each.schedule.is_on_demand:
        return "when asked for"
    if each.schedule.is_suspended:
        return "suspended"
    if each.timing.is_late:
        return f"late by {duration(each.timing.late)}"
    return stamp(each.timing.next) if each.timing.next else "never"


def _commits(rows: Sequence[StageRow]) -> Grid:
    grid = Grid("stage", "table", "last", "finished", "rows in", "rows out", "seconds", box=None, header_style="bold")
    for column in grid.columns:
        column.no_wrap = True
    for column in grid.columns[4:]:
        column.justify = "right"
    for row in rows:
        counts = ["" if each is None else f"{each:,}" for each in (row.rows_in, row.rows_out)]
        seconds = "" if row.seconds is None else f"{row.seconds:,.1f}"
        grid.add_row(row.stage, row.table or "", row.status, stamp(row.finished_at), *counts, seconds)
    return grid
