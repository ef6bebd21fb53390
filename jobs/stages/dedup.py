"""decisions -> signatures -> duplicates [-> passages] -> clean_documents: keeps one document of each cluster.

`clean_documents` is written here, because it needs the duplicates (docs/decisions/0023-stage-names.md).
"""

import json
from functools import partial

from pyspark.sql import DataFrame

from jobs.stages import passages, priorities, references
from jobs.stages.clustering import batches, cluster
from jobs.stages.contamination import in_force
from jobs.stages.context import StageContext
from jobs.stages.policy_file import configured_policy, label_in_force, policy_of
from lake.lake import Lake
from lake.ledger import Work, keys
from pipelines.contamination.spark import overlapping_spans
from pipelines.dedup.spark import signatures
from pipelines.policies.policy import DECONTAMINATION, Policy
from pipelines.semantics import FINALIZING, SIGNING
from pipelines.tables import CLEAN_DOCUMENTS, CONTAMINATION, SIGNATURES
from pipelines.text.finalize import FinalizeConfig
from pipelines.text.spark import candidates, clean_documents, spans_together
from pipelines.workers.mapped import Mapped


def run(run: StageContext) -> None:
    """Deduplicates kept documents, also against earlier ones and other lakes; the survivors are `clean_documents`."""
    _sign(run)
    cluster(run, partial(_texts, run))
    policy = _policy(run)
    overlaps = passages.Overlaps(_overlap_tables(run.lake, policy), partial(_overlaps, run.lake, policy))
    passages.run(run, policy, lambda work, decided: _candidates(run, work, decided, policy), overlaps)
    _finalize(run)


def _sign(run: StageContext) -> None:
    """Signs kept documents. Each commit is one batch; batches are numbered in order of arrival."""
    lake, config = run.lake, run.config
    priority = priorities.in_force(lake, config.sources)
    settings = config.dedup.signing_fingerprint()
    changed = priorities.changed(lake, priority)
    work = run.plan("dedup", SIGNATURES, ["decisions", "measures"], settings, SIGNING, changed)
    if work.mode == "nothing":
        return
    kept = _candidates(run, work, work.read(lake, "decisions"), _policy(run))
    kept = kept.withColumn("priority", priorities.column(priority))
    batch = _next_batch(run, work)
    signed = signatures(kept, config.dedup, batch, work.run_id)
    detail = {
        "batch": str(batch),
        priorities.DETAIL: json.dumps(priority, sort_keys=True),
        references.SETTINGS: json.dumps(config.dedup.signing_settings(), sort_keys=True),
    }
    run.committed(work.commit(lake, signed, **detail))


def _next_batch(run: StageContext, work: Work) -> int:
    if work.mode == "rebuild":
        return 0
    return 1 + max(batches(run, after=-1))


def _candidates(run: StageContext, work: Work, decisions: DataFrame, policy: Policy) -> DataFrame:
    """The candidates among some decisions.

    Of up to `dedup.driver_documents`, the driver finds the files of `measures` that hold them.
    """
    lake = run.lake
    if work.mode == "rebuild":
        return candidates(work.whole(lake, "measures"), decisions, policy)
    kept = decisions.where("kept").select("doc_id")
    if kept.count() > run.config.dedup.driver_documents:
        return candidates(_measures_of_many(work, lake, kept), decisions, policy)
    return candidates(work.beside(lake, "measures", keys(kept)), decisions, policy)


def _measures_of_many(work: Work, lake: Lake, kept: DataFrame) -> DataFrame:
    """The measures that came since the last commit where they hold all documents `kept` (doc_id), else all measures.

    They hold all unless an earlier run ended between measuring and deciding.
    """
    new = work.read(lake, "measures")
    older = kept.join(new.select("doc_id"), on="doc_id", how="left_anti")
    return new if older.isEmpty() else work.whole(lake, "measures")


def _texts(run: StageContext, work: Work, documents: DataFrame) -> DataFrame:
    """Of candidates: some documents (doc_id) -> doc_id, text."""
    decided = work.whole(run.lake, "decisions").join(documents, on="doc_id", how="left_semi")
    return _candidates(run, work, decided, _policy(run)).select("doc_id", "text")


def _finalize(run: StageContext) -> None:
    """Writes `clean_documents`. New decisions make work; so do documents that lost the one they were duplicates of."""
    lake, clean, policy = run.lake, run.config.clean, _policy(run)
    settings = FinalizeConfig.of(policy, clean.repair, clean.pii)
    overlaps = _overlap_tables(lake, policy)
    inputs = ["decisions", "measures", "duplicates", *overlaps, *passages.Outcome.inputs(lake)]
    work = run.plan("dedup", CLEAN_DOCUMENTS, inputs, settings.fingerprint(), FINALIZING)
    if work.mode == "nothing":
        return
    duplicates, repeated = work.whole(lake, "duplicates"), passages.Outcome.of(work, lake)
    spans = [_overlaps(lake, policy, work)] if overlaps else []
    spans += [repeated.spans] if repeated else []

    def finalized(decided: DataFrame) -> Mapped:
        kept = decided.join(repeated.dropped, on="doc_id", how="left_anti") if repeated else decided
        texts = _candidates(run, work, kept, policy)
        return clean_documents(texts, duplicates, settings, work.run_id, spans_together(spans))

    if work.mode != "change":
        run.committed(work.commit(lake, finalized(work.read(lake, "decisions"))))
        return
    wanted = work.whole(lake, "decisions").join(duplicates.where("NOT kept"), on="doc_id", how="left_anti")
    settled = wanted.where(work.is_settled("decisions"))
    if repeated:
        wanted = wanted.join(repeated.dropped, on="doc_id", how="left_anti")
        settled = settled.join(repeated.unsettled, on="doc_id", how="left_anti")
    there = work.previous(lake).select("doc_id")
    stale = there.join(settled.where("kept"), on="doc_id", how="left_anti")
    missing = wanted.join(there.join(settled, on="doc_id", how="left_semi"), on="doc_id", how="left_anti")
    run.committed(work.replace(lake, keys(stale), work.write(lake, finalized(missing))))


def _overlap_tables(lake: Lake, policy: Policy) -> list[str]:
    """The table that tells what overlaps with benchmarks, where the policy removes that."""
    return [CONTAMINATION.name] if DECONTAMINATION in policy.rewrite and in_force(lake) else []


def _overlaps(lake: Lake, policy: Policy, work: Work) -> DataFrame:
    """`doc_id, spans` of what overlaps with benchmarks."""
    return overlapping_spans(work.whole(lake, CONTAMINATION.name), policy)


def _policy(run: StageContext) -> Policy:
    """The policy that decided: the configured one, unless `tokenlake decide --apply` has put another in its place."""
    configured = configured_policy(run.config)
    label = label_in_force(run.lake)
    return configured if label in (None, configured.label) else policy_of(run.lake, str(label))
