"""The limit on rejected input: a run that read too much of it exits 1, with its tables committed."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from lake.lake import Lake
from pipelines.readers.record import Reason

if TYPE_CHECKING:  # counting rejects needs no engine
    from jobs.stages.context import StageContext


@dataclass(frozen=True)
class Rejected:
    """What one run rejected of one source."""

    source: str
    rejects: int
    read: int
    reasons: dict[str, int]  # the commonest ones, the most frequent first


def over_limit(run: "StageContext") -> bool:
    """Whether this run rejected a larger share of some source than `ingest.reject_limit`; reports each such source.

    Only what this run read counts, so a run that finds nothing new is never over the limit.
    """
    limit = run.config.ingest.reject_limit
    over = [each for each in rejected(run.lake, run.ingested) if each.rejects > limit * each.read]
    for each in over:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in each.reasons.items())
        run.reporter.event(
            "reject_limit_passed",
            f"tokenlake: source {each.source}: {each.rejects:,} of {each.read:,} records were rejected, over "
            f"ingest.reject_limit = {limit:g} ({reasons}). The tables are committed. Look at "
            f"{run.lake.path('rejects')}, then repair or exclude the input, or raise the limit.",
            source=each.source,
            rejects=each.rejects,
            read=each.read,
            limit=limit,
            reasons=each.reasons,
        )
    return bool(over)


def rejected(lake: Lake, run_ids: list[str]) -> list[Rejected]:
    """What these ingests read and rejected, source by source in order of their names; not what was retracted."""
    if not run_ids:
        return []
    inputs = lake.read_here("inputs", ["source", "rows_read", "rejects", "run_id"], run_ids)
    totals = inputs.group_by("source").aggregate([("rows_read", "sum"), ("rejects", "sum")]).sort_by("source")
    rejects = lake.read_here("rejects", ["source", "reason", "run_id"], run_ids)
    is_retracted = pc.equal(rejects["reason"], Reason.RETRACTED.value)
    retracted = Counter(rejects.filter(is_retracted)["source"].to_pylist())
    rejects = rejects.filter(pc.invert(is_retracted))
    return [
        Rejected(
            source := row["source"],
            row["rejects_sum"] - retracted[source],
            row["rows_read_sum"] - retracted[source],
            _commonest(rejects, source),
        )
        for row in totals.to_pylist()
    ]


def _commonest(rejects: pa.Table, source: str) -> dict[str, int]:
    found = pc.value_counts(rejects.filter(pc.equal(rejects["source"], source))["reason"]).to_pylist()
    first = sorted(found, key=lambda each: (-each["counts"], each["values"]))[:5]
    return {each["values"]: each["counts"] for each in first}
