"""decisions, duplicates -> passages -> passage_decisions: what other documents say too, and what a policy makes of it.

Both steps belong to the stage dedup, between `duplicates` and `clean_documents` (docs/decisions/0052-passages.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.stages.context import StageContext
from lake.lake import Lake
from lake.ledger import Work, keys
from lake.scratch import Scratch
from pipelines.passages import spark
from pipelines.policies.policy import Policy
from pipelines.semantics import DECIDING_PASSAGES, FINDING_PASSAGES
from pipelines.tables import PASSAGE_DECISIONS, PASSAGES

Candidates = Callable[[Work, DataFrame], DataFrame]
"""The candidates among some decisions."""

_OFF = "off"


@dataclass(frozen=True)
class Overlaps:
    """Spans of candidates that go anyway, because they overlap with benchmarks."""

    tables: Sequence[str]  # that they come from: none, or one
    spans: Callable[[Work], DataFrame]  # doc_id, spans; of a work that has the table among its inputs


def run(run: StageContext, policy: Policy, candidates: Candidates, overlaps: Overlaps) -> None:
    """Brings both tables up to date. Where nothing is to be compared, tables of earlier runs become empty."""
    if not run.config.dedup.passages.enabled:
        _switch_off(run)
        return
    _measure(run, candidates)
    _decide(run, policy, overlaps)


def _measure(run: StageContext, candidates: Candidates) -> None:
    lake, config = run.lake, run.config.dedup.passages
    inputs = ["decisions", "measures", "duplicates", "signatures"]
    work = run.plan("dedup", PASSAGES, inputs, config.fingerprint(), FINDING_PASSAGES)
    if work.mode == "nothing":
        return
    signatures = work.whole(lake, "signatures")
    with Scratch(lake, work.run_id) as scratch:

        def found(decided: DataFrame) -> DataFrame:
            texts = _without_duplicates(work, lake, candidates(work, decided))
            return scratch.keep(spark.passages(texts, config).frame()).withColumn("before", _never_before())

        if work.mode == "change":
            _change(run, work, found, scratch)
            return
        others = work.previous(lake) if work.mode == "append" else None
        documents = found(work.read(lake, "decisions"))
        run.committed(work.commit(lake, spark.repeats(documents, others, signatures, scratch, work.run_id)))


def _change(run: StageContext, work: Work, found: Callable[[DataFrame], DataFrame], scratch: Scratch) -> None:
    """Documents left: what they held first belongs to others now. All rows are computed from the passages that are
    stored, without the texts, and those that differ are replaced. Their ids pass through the driver."""
    lake = run.lake
    wanted = _without_duplicates(work, lake, work.whole(lake, "decisions").where("kept"))
    settled = wanted.where(work.is_settled("decisions")).select("doc_id")
    before = work.previous(lake)
    there = before.select("doc_id")
    stale = there.join(settled, on="doc_id", how="left_anti")
    missing = wanted.join(there.join(settled, on="doc_id", how="left_semi"), on="doc_id", how="left_anti")
    known = before.join(settled, on="doc_id", how="left_semi").withColumn("before", F.struct("site_pages", "repeats"))
    columns = ["doc_id", "site", "sentences", "held", "before"]
    everything = found(missing).select(*columns).unionByName(known.select(*columns))
    signatures = work.whole(lake, "signatures")
    changed = scratch.keep(spark.repeats(everything, None, signatures, scratch, work.run_id).frame())
    replaced = pa.concat_arrays([keys(stale), keys(changed.select("doc_id"))])
    run.committed(work.replace(lake, replaced, work.write(lake, changed)))


def _never_before() -> Column:
    """The column `before` of documents that have no row yet."""
    from pyspark.sql.pandas.types import from_arrow_type

    fields = [PASSAGES.schema.field(name) for name in ("site_pages", "repeats")]
    return F.lit(None).cast(from_arrow_type(pa.struct(fields)))


def _without_duplicates(work: Work, lake: Lake, documents: DataFrame) -> DataFrame:
    dropped = work.whole(lake, "duplicates").where("NOT kept")
    return documents.join(dropped, on="doc_id", how="left_anti")


def _decide(run: StageContext, policy: Policy, overlaps: Overlaps) -> None:
    thresholds = policy.passages
    settings = thresholds.fingerprint()
    inputs = ["passages", *overlaps.tables]
    work = run.plan("dedup", PASSAGE_DECISIONS, inputs, settings, DECIDING_PASSAGES)
    if work.mode == "nothing":
        return
    label = f"{policy.name}@{settings}"
    others = overlaps.spans(work) if overlaps.tables else None
    decided = spark.decide(work.read(run.lake, "passages"), others, thresholds, label, work.run_id)
    run.committed(work.commit(run.lake, decided, passages=thresholds.model_dump_json()))


def _switch_off(run: StageContext) -> None:
    for table, inputs in ((PASSAGES, ["decisions"]), (PASSAGE_DECISIONS, ["passages"])):
        last = run.lake.last_own_commit(table.name)
        if not run.lake.exists(table.name) or (last and last.metadata and last.metadata.config_hash == _OFF):
            continue
        work = replace(run.plan("dedup", table, inputs, _OFF, FINDING_PASSAGES), mode="rebuild", inputs={}, rows_in=0)
        run.committed(work.commit(run.lake, table.schema.empty_table()))


@dataclass(frozen=True)
class Outcome:
    """What table `passage_decisions` says of documents."""

    dropped: DataFrame  # doc_id
    spans: DataFrame  # doc_id, spans: of documents that lose some
    unsettled: DataFrame  # doc_id: decided since the work before

    @staticmethod
    def inputs(lake: Lake) -> list[str]:
        """The table, if this lake has it: an input of `clean_documents`."""
        return [PASSAGE_DECISIONS.name] if lake.exists(PASSAGE_DECISIONS.name) else []

    @staticmethod
    def of(work: Work, lake: Lake) -> "Outcome | None":
        """None where passages have never been decided."""
        if PASSAGE_DECISIONS.name not in work.inputs:
            return None
        rows = work.whole(lake, PASSAGE_DECISIONS.name)
        new = ~work.is_settled(PASSAGE_DECISIONS.name) if work.fresh else F.lit(True)
        return Outcome(
            dropped=rows.where("NOT kept").select("doc_id"),
            spans=rows.where(F.size("spans") > 0).select("doc_id", "spans"),
            unsettled=rows.where(new).select("doc_id"),
        )
