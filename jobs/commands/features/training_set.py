"""`tokenlake features training-set`: a service's features as they were at the time of each row."""

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table as Grid

from features.catalogue.catalogue import CATALOGUE
from features.freshness import Status
from features.plan import Plan
from features.training_sets.inputs import Request
from features.training_sets.specification import KnownAt, Specification
from features.training_sets.table import Made, make, statuses
from jobs.commands.lake_session import opened
from jobs.progress import Reporter
from jobs.runs import record_runs
from lake.lock import exclusive
from pipelines.errors import MisuseError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEADINGS = {
    Status.PRESENT: "present",
    Status.NULL_VALUE: "null",
    Status.NOT_FOUND: "not found",
    Status.OUTSIDE_MAX_AGE: "too old",
}


def training_set(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Commits the table, unless the lake has it already, and prints how many values were found in each view."""
    plan = Plan.of(CATALOGUE)
    specification = Specification.of(plan, arguments.service, known_at(arguments.known_at), arguments.full_names)
    pinned = versions(arguments.version)
    request = Request(arguments.name, specification, arguments.entities, pinned, plan.fingerprint)
    with opened(arguments.lake, arguments.engine, reporter) as (lake, engine):
        with exclusive(lake.root):
            made = make(lake, request, engine.parallelism())
            if made.is_new:
                record_runs(lake)
        counts = statuses(lake, specification, made.commit)
    if arguments.json:
        print(json.dumps(_document(made, counts), indent=2))
    else:
        _print(made, counts)
    return 0


def known_at(text: str | None) -> KnownAt:
    """What `--known-at` means; a time without a zone is in UTC.

    Raises:
        MisuseError: it is neither a time nor `row`.
    """
    if text is None or text == "row":
        return text  # type: ignore[return-value]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MisuseError(f"--known-at {text}: write a time like 2026-11-26T18:00:00Z, or `row`") from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def versions(pinned: Sequence[str]) -> dict[str, int]:
    """`VIEW=N` for each view.

    Raises:
        MisuseError: something else is there.
    """
    found = {}
    for text in pinned:
        name, _, version = text.partition("=")
        if not name or not version.isdecimal():
            raise MisuseError(f"--version {text}: write VIEW=N, for instance source_quality=3")
        found[name] = int(version)
    return found


def _document(made: Made, counts: Mapping[str, Mapping[Status, int]]) -> dict[str, object]:
    return {
        "table": made.commit.table,
        "version": made.commit.version,
        "new": made.is_new,
        "rows": made.commit.rows_out,
        "inputs": dict(made.inputs.versions),
        "without_table": list(made.inputs.missing),
        "views": {view: {status.name: count for status, count in each.items()} for view, each in counts.items()},
    }


def _print(made: Made, counts: Mapping[str, Mapping[Status, int]]) -> None:
    commit = made.commit
    state = "" if made.is_new else "; nothing has changed since, so nothing was committed"
    print(f"{commit.table}: version {commit.version}, {commit.rows_out:,} rows{state}")
    grid = Grid("view", "version", *_HEADINGS.values(), box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in grid.columns[1:]:
        column.justify = "right"
    for view, found in counts.items():
        version = str(made.inputs.versions.get(f"features_{view}", "-"))
        grid.add_row(view, version, *(f"{found[status]:,}" for status in _HEADINGS))
    Console(soft_wrap=True, highlight=False).print(grid)
    for view in made.inputs.missing:
        print(f"note: view {view} has no table yet, so nothing is found in it: `tokenlake stage features CONFIG`")
