"""The limit on rejected input: a run that read too much of it exits 1, with its tables committed."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from lake.lake import Lake
from pipelines.readers.record import Reason
from pipelines.tables import INPUTS, PAIR_INPUTS, PAIR_REJECTS, REJECTS

if TYPE_CHECKING:  # counting rejects needs no engine
    from jobs.stages.context import StageContext


NO_FAULT = (Reason.UNTRANSLATED, Reason.FUZZY, Reason.OBSOLETE, Reason.MISSING_LANGUAGE)
"""Why a record is no sentence pair though its file is whole."""


@dataclass(frozen=True)
class Rejected:
    """What one run rejected of one source."""

    source: str
    rejects: int
    read: int
    reasons: dict[str, int]  # the commonest ones, the most frequent first


def over_limit(run: "StageContext") -> bool:
    """Whether this run rejected a larger share of some source than it may; reports each such source.

    Only what this run read counts, so a run that finds nothing new is never over a limit.
    """
    of_documents = rejected(run.lake, run.ingested)
    of_pairs = rejected(run.lake, run.pairs_read, (PAIR_INPUTS.name, PAIR_REJECTS.name), NO_FAULT)
    over = _over(run, of_documents, "ingest", REJECTS.name, run.config.ingest.reject_limit)
    return _over(run, of_pairs, "pairs", PAIR_REJECTS.name, run.config.pairs.reject_limit) or over


def _over(run: "StageContext", found: "list[Rejected]", section: str, table: str, limit: float) -> bool:
    over = [each for each in found if each.rejects > limit * each.read]
    for each in over:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in each.reasons.items())
        run.reporter.event(
            "reject_limit_passed",
            f"tokenlake: source {each.source}: {each.rejects:,} of {each.read:,} records were rejected, over "
            f"{section}.reject_limit = {limit:g} ({reasons}). The tables are committed. Look at "
            f"{run.lake.path(table)}, then repair or exclude the input, or raise the limit.",
            source=each.source,
            rejects=each.rejects,
            read=each.read,
            limit=limit,
            reasons=each.reasons,
        )
    return bool(over)


def rejected(
    lake: Lake,
    run_ids: list[str],
    tables: tuple[str, str] = (INPUTS.name, REJECTS.name),
    uncounted: Collection[Reason] = (Reason.RETRACTED,),
) -> list[Rejected]:
    """What some readings read and rejected, source by source in order of their names.

    Args:
        lake: with the tables.
        run_ids: of the readings.
        tables: of files, and of rejects.
        uncounted: reasons of records that are left out, as if they had not been read.
    """
    if not run_ids:
        return []
    inputs = lake.read_here(tables[0], ["source", "rows_read", "rejects", "run_id"], run_ids)
    totals = inputs.group_by("source").aggregate([("rows_read", "sum"), ("rejects", "sum")]).sort_by("source")
    rejects = lake.read_here(tables[1], ["source", "reason", "run_id"], run_ids)
    is_left_out = pc.is_in(rejects["reason"], value_set=pa.array([reason.value for reason in uncounted]))
    left_out = Counter(rejects.filter(is_left_out)["source"].to_pylist())
    rejects = rejects.filter(pc.invert(is_left_out))
    return [
        Rejected(
            source := row["source"],
            row["rejects_sum"] - left_out[source],
            row["rows_read_sum"] - left_out[source],
            _commonest(rejects, source),
        )
        for row in totals.to_pylist()
    ]


def _commonest(rejects: pa.Table, source: str) -> dict[str, int]:
    found = pc.value_counts(rejects.filter(pc.equal(rejects["source"], source))["reason"]).to_pylist()
    first = sorted(found, key=lambda each: (-each["counts"], each["values"]))[:5]
    return {each["values"]: each["counts"] for each in first}
