"""`tokenlake features materialize`: writes what is new in the tables of views into the online store."""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as Grid

from jobs.commands.features.apply import PLAN_FILE, apply
from jobs.commands.features.check import since_us
from jobs.commands.features.online_store import online_store
from jobs.commands.lake_session import existing, opened
from jobs.progress import Reporter
from jobs.turn import await_turn
from pipelines.errors import MisuseError

if TYPE_CHECKING:
    from features.materialization.run import Check, Materialized, Write
    from features.materialization.target import Target
    from features.plan import Plan
    from lake.lake import Lake

_SECONDS_BETWEEN_LINES = 5.0


class NotAppliedError(MisuseError, LookupError):
    """The lake has no plan of its features."""


def materialize(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Writes view by view, and prints what was written of each; exit status 1 if rows of one were refused."""
    from features.materialization.target import Target
    from features.quality.expectations import RefusedBatchError

    await_turn(arguments.lake, arguments.wait, reporter, after="features")
    if arguments.apply:
        apply(arguments, reporter)
    now = time.time_ns() // 1000
    up_to = now if arguments.up_to is None else since_us(arguments.up_to, now)
    address = online_store(arguments)
    with _lake(arguments, reporter) as (lake, write):
        plan = published(lake)
        views = arguments.view or [name for name in plan.views if lake.exists(f"features_{name}")]
        target = Target(address, plan)
        keep_plan(target)
        for view in views:
            plan.view(view)  # a name that is none is refused before anything is written
        done, refused = [], 0
        for view in views:
            try:
                done.append(_materialized(lake, target, view, up_to, arguments.again, write, reporter))
            except RefusedBatchError as error:  # the other views are none the worse for it
                reporter.event("refused", f"error: {error}", view=view, error=str(error))
                refused += 1
            else:
                _record(lake, plan, done[-1])
    if arguments.json:
        print(json.dumps([_as_json(each) for each in done], indent=2))
    else:
        _show(done)
    return 1 if refused else 0


@contextmanager
def _lake(arguments: argparse.Namespace, reporter: Reporter) -> "Iterator[tuple[Lake, Write]]":
    """The lake, and what writes: this process, or with `--engine` the engine's tasks."""
    if arguments.engine is None:
        from features.materialization.direct import written_here

        yield existing(arguments.lake), written_here
        return
    from features.materialization.tasks import written_by_tasks

    with opened(arguments.lake, arguments.engine, reporter) as (lake, _):
        yield lake, written_by_tasks


def published(lake: "Lake") -> "Plan":
    """The plan that `apply` wrote beside the tables.

    Raises:
        NotAppliedError: there is none.
        PlanError: another version of this program wrote it.
    """
    from features.plan import Plan

    text = lake.storage.read_text(PLAN_FILE)
    if text is None:
        raise NotAppliedError(f"{lake.root} has no plan of its features: run `tokenlake features apply` first")
    return Plan.from_json(text)


def keep_plan(target: "Target") -> None:
    """Writes the plan into the store again if it has lost it, or has another: an older one, for instance."""
    from features.store.plan_store import publish_plan, read_plan_bytes

    if read_plan_bytes(target.address, target.plan.project) != target.plan.to_json().encode():
        publish_plan(target.address, target.plan)


def check_of(lake: "Lake", view: str, up_to: int) -> "Check | None":
    """The check that a view's rows must pass; None for a view that only an earlier catalogue defines."""
    from features.catalogue.catalogue import CATALOGUE
    from features.quality.corrections import check_unless_corrected

    if view not in {each.name for each in CATALOGUE.views}:
        return None
    return lambda rows: check_unless_corrected(lake, CATALOGUE.view(view), rows, up_to)


def _materialized(
    lake: "Lake", target: "Target", view: str, up_to: int, again: bool, write: "Write", reporter: Reporter
) -> "Materialized":
    from features.materialization.run import materialize as run

    done = run(
        lake,
        target,
        view,
        up_to,
        again,
        check_of(lake, view, up_to),
        _progress(view, reporter),
        write,
    )
    rows, seconds = done.step.written.rows, round(done.seconds, 2)
    reporter.event("materialized", view=view, version=done.version, rows=rows, why=done.why, seconds=seconds)
    return done


def _progress(view: str, reporter: Reporter) -> "Callable[[int, int], None]":
    """Reports the rows done: each time as an event, and now and then as text."""
    said = time.monotonic()

    def report(rows: int, of: int) -> None:
        nonlocal said
        is_time = time.monotonic() - said > _SECONDS_BETWEEN_LINES
        said = time.monotonic() if is_time else said
        message = f"  {view}: {rows:,} of {of:,} rows" if is_time else ""
        reporter.event("materializing", message, view=view, rows=rows, of=of)

    return report


def _record(lake: "Lake", plan: "Plan", done: "Materialized") -> None:
    """Tells Feast's registry, if there is one, which event times are in the store."""
    if done.step.first_us is None or done.step.last_us is None:
        return
    from features.feast_registry import FILE, record_materialization

    times = (_time(done.step.first_us), _time(done.step.last_us))
    record_materialization(lake.storage.path(FILE), plan.project, done.view, *times)


def _show(done: "Sequence[Materialized]") -> None:
    """A row for each view, and why all rows of one were written, or some were not."""
    grid = Grid("view", "version", "rows", "written", "newest event", "seconds", box=None, header_style="bold")
    for column in grid.columns:
        column.no_wrap = True
    for column in grid.columns[1:]:
        column.justify = "right"
    for each in done:
        written = each.step.written
        newest = "-" if each.step.last_us is None else f"{_time(each.step.last_us):%Y-%m-%d %H:%M}"
        numbers = f"{each.version:,}", f"{written.rows:,}", f"{written.newer:,}", newest, f"{each.seconds:.2f}"
        grid.add_row(each.view, *numbers)
    Console(soft_wrap=True, highlight=False).print(grid)
    for each in done:
        if each.is_anew:
            print(f"{each.view}: {each.why}")
        if each.step.later_us is not None:
            print(f"{each.view}: rows from {_time(each.step.later_us):%Y-%m-%d %H:%M} UTC on wait for a later run")


def _as_json(done: "Materialized") -> dict[str, Any]:
    step = done.step
    return {
        "view": done.view,
        "version": done.version,
        "why": done.why,
        "rows": step.written.rows,
        "written": step.written.newer,
        "first_event": None if step.first_us is None else _time(step.first_us).isoformat(),
        "last_event": None if step.last_us is None else _time(step.last_us).isoformat(),
        "left_from": None if step.later_us is None else _time(step.later_us).isoformat(),
        "seconds": round(done.seconds, 3),
    }


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)
