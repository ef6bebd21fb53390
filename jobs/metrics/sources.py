"""Figures of the sources of a lake: what was read, and what of that was rejected."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from jobs.metrics import catalogue
from jobs.metrics.metric import Sample
from jobs.rejects import rejected
from lake.lake import Lake
from pipelines.tables import INPUTS


def source_figures(lake: Lake, runs: pa.Table) -> Iterator[Sample]:
    """Of the last ingest among `runs`, and of all input files as they were last read."""
    if not lake.exists(INPUTS.name):
        return
    for each in rejected(lake, _last_ingest(runs)):
        yield from catalogue.SOURCE_LAST_READ(each.read, source=each.source)
        yield from catalogue.SOURCE_LAST_REJECTS(each.rejects, source=each.source)
    inputs = lake.read_here(INPUTS.name, ["source", "rows_read", "rejects", "retry"])
    inputs = inputs.set_column(3, "retry", pc.cast(inputs["retry"], pa.int64()))
    sums = [("rows_read", "sum"), ("rejects", "sum"), ("retry", "sum"), ([], "count_all")]
    for row in inputs.group_by("source").aggregate(sums).sort_by("source").to_pylist():
        source = row["source"]
        yield from catalogue.SOURCE_FILES(row["count_all"], source=source)
        yield from catalogue.SOURCE_RETRY(row["retry_sum"] or 0, source=source)
        yield from catalogue.SOURCE_RECORDS(row["rows_read_sum"] or 0, source=source)
        yield from catalogue.SOURCE_REJECTS(row["rejects_sum"] or 0, source=source)


def _last_ingest(runs: pa.Table) -> list[str]:
    """The run ids of the last command that ingested: one for each of its batches, which have its time of start."""
    ingests = runs.filter(pc.and_(pc.equal(runs["stage"], "ingest"), pc.equal(runs["status"], "done")))
    last = ingests.filter(pc.equal(ingests["started_at"], pc.max(ingests["started_at"])))
    run_ids: list[str] = last["run_id"].to_pylist()
    return run_ids
