"""Figures of stages and their steps: from the table `runs`, from what stages recorded, and what waits."""

import statistics
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.checks.waiting import waiting_since
from jobs.metrics import catalogue
from jobs.metrics.metric import Sample
from jobs.metrics.recorded import stages_recorded
from lake.commits import COMPACT, UPGRADE
from lake.contract import known
from lake.lake import Lake
from lake.scratch import STAGING
from pipelines.tables import RUNS

_USUAL = 20  # commits before the last

_COLUMNS = (
    "run_id",
    "stage",
    "table",
    "mode",
    "rows_in",
    "rows_out",
    "seconds",
    "status",
    "started_at",
    "finished_at",
)


def runs_of_steps(lake: Lake) -> pa.Table:
    """The rows of `runs`, without those of upkeep."""
    if not lake.exists(RUNS.name):
        return pa.schema([RUNS.schema.field(name) for name in _COLUMNS]).empty_table()
    rows = lake.read_here(RUNS.name, _COLUMNS)
    upkeep = pc.is_in(rows["mode"], pa.array([COMPACT, UPGRADE]))  # of a failure, which has no mode: false
    return rows.filter(pc.invert(upkeep))


def run_figures(runs: pa.Table) -> Iterator[Sample]:
    """How many runs there were, and of each step how the last one compares with those before."""
    counts = runs.group_by(["stage", "status"]).aggregate([([], "count_all")])
    for row in counts.sort_by([("stage", "ascending"), ("status", "ascending")]).to_pylist():
        yield from catalogue.RUNS(row["count_all"], stage=row["stage"], status=row["status"])
    done = runs.filter(pc.and_(pc.equal(runs["status"], "done"), pc.is_valid(runs["table"])))
    steps = done.group_by(["stage", "table"]).aggregate([]).sort_by([("stage", "ascending"), ("table", "ascending")])
    for step in steps.to_pylist():
        mine = pc.and_(pc.equal(done["stage"], step["stage"]), pc.equal(done["table"], step["table"]))
        newest_first = done.filter(mine).sort_by([("finished_at", "descending")]).slice(0, _USUAL + 1)
        yield from _step(step, newest_first.to_pylist())


def _step(step: Mapping[str, str], runs: list[dict[str, Any]]) -> Iterator[Sample]:
    last, before = runs[0], runs[1:]
    yield from catalogue.STEP_LAST_SECONDS(last["seconds"], **step)
    yield from catalogue.STEP_LAST_ROWS_IN(last["rows_in"], **step)
    yield from catalogue.STEP_LAST_ROWS_OUT(last["rows_out"], **step)
    for metric, column in ((catalogue.STEP_USUAL_SECONDS, "seconds"), (catalogue.STEP_USUAL_ROWS_IN, "rows_in")):
        values = [run[column] for run in before if run[column] is not None]
        yield from metric(statistics.median(values) if values else None, **step)


def stage_figures(runs: pa.Table, recorded: Mapping[str, Mapping[str, Any]]) -> Iterator[Sample]:
    """When each stage last ended well, or failed: what it recorded, or what `runs` holds, whichever is later."""
    newest = runs.group_by(["stage", "status"]).aggregate([("finished_at", "max")]).to_pylist()
    for status, metric in (("done", catalogue.STAGE_LAST_SUCCESS), ("failed", catalogue.STAGE_LAST_FAILURE)):
        times = {row["stage"]: row["finished_at_max"].timestamp() for row in newest if row["status"] == status}
        for stage, each in stages_recorded(recorded, status).items():
            times[stage] = max(times.get(stage, 0.0), each["at"])
        for stage, at in sorted(times.items()):
            yield from metric(at, stage=stage)
    for stage, each in sorted(stages_recorded(recorded, "done").items()):
        yield from catalogue.STAGE_LAST_SECONDS(each.get("seconds"), stage=stage)


def pending_figures(lake: Lake) -> Iterator[Sample]:
    """What the next run has to do, and since when."""
    tables = [table.name for table in known(lake)]
    waiting = dict(zip(tables, lake.at_once(lambda name: waiting_since(lake, name), tables), strict=True))
    yield from catalogue.PENDING_STEPS(sum(since is not None for since in waiting.values()))
    for table, since in waiting.items():
        yield from catalogue.STEP_PENDING_SINCE(since, table=table)
    manifests = [entry.modified for entry in lake.storage.entries(STAGING) if entry.name.endswith(".json")]
    if manifests:
        yield from catalogue.INGEST_INTERRUPTED(datetime.fromtimestamp(min(manifests), UTC))
