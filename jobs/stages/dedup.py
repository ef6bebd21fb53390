"""decisions -> signatures -> duplicates -> clean_documents: keeps one document of each cluster of duplicates.

`clean_documents` is written here, because it needs the duplicates (docs/decisions/0023-stage-names.md).
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.stages.context import StageContext
from jobs.stages.policy_file import label_in_force, policy_of
from lake.ledger import Work, fingerprint, plan
from lake.scratch import Scratch
from pipelines.dedup.spark import clusters, signatures
from pipelines.policies.files import load
from pipelines.policies.policy import Policy
from pipelines.tables import CLEAN_DOCUMENTS, DUPLICATES, SIGNATURES
from pipelines.text.finalize import FinalizeConfig
from pipelines.text.spark import candidates, clean_documents


def run(run: StageContext) -> None:
    """Deduplicates kept documents, also against earlier ones, and writes the survivors to `clean_documents`."""
    _sign(run)
    _cluster(run)
    _finalize(run)


def _sign(run: StageContext) -> None:
    """Signs kept documents. Each commit is one batch; batches are numbered in order of arrival."""
    lake, config = run.lake, run.config
    priorities = {source.name: source.priority for source in config.sources if source.priority}
    settings = fingerprint(config.dedup.signing_fingerprint(), priorities)
    work = plan(lake, "dedup", SIGNATURES, ["decisions", "measures"], settings)
    if work.mode == "nothing":
        return
    kept = candidates(work.whole(lake, "measures"), work.read(lake, "decisions"), _policy(run))
    kept = kept.withColumn("priority", _priority(priorities))
    batch = _next_batch(run, work)
    run.committed(work.commit(lake, signatures(kept, config.dedup, batch, work.run_id), batch=str(batch)))


def _priority(priorities: dict[str, int]) -> Column:
    chosen = F.lit(0)
    for name, priority in sorted(priorities.items()):
        chosen = F.when(F.col("source") == name, priority).otherwise(chosen)
    return chosen.cast("int")


def _next_batch(run: StageContext, work: Work) -> int:
    if work.mode == "rebuild":
        return 0
    return 1 + max(_batches(run, work.output.name, after=-1))


def _batches(run: StageContext, table: str, after: int) -> list[int]:
    """Batch numbers of the commits of `signatures` after a version, newest first, back to the last rebuild."""
    batches = []
    for commit in run.lake.commits(table, after):
        if commit.metadata:
            batches.append(int(commit.metadata.detail["batch"]))
            if commit.metadata.mode == "rebuild":
                break
    return batches


def _cluster(run: StageContext) -> None:
    lake, config = run.lake, run.config.dedup
    work = plan(lake, "dedup", DUPLICATES, ["signatures", "measures", "decisions"], config.fingerprint())
    if work.mode == "nothing":
        return
    kept = candidates(work.whole(lake, "measures"), work.whole(lake, "decisions"), _policy(run))
    texts = kept.select("doc_id", "text")
    signed = work.whole(lake, "signatures")
    with Scratch(lake, work.run_id) as scratch:
        if work.mode == "rebuild":
            found = clusters(signed, None, texts, config, 0, work.run_id, scratch)
            run.committed(work.commit(lake, found))
            return
        last = lake.last_own_commit(DUPLICATES.name)
        assert last is not None
        assert last.metadata is not None
        first_new = min(_batches(run, SIGNATURES.name, after=last.metadata.inputs["signatures"]))
        known = work.previous(lake)
        found = scratch.keep(clusters(signed, known, texts, config, first_new, work.run_id, scratch))
        unchanged = known.join(found.select("doc_id"), on="doc_id", how="left_anti")
        run.committed(work.update(lake, unchanged, found))


def _finalize(run: StageContext) -> None:
    """Writes `clean_documents`. New decisions are what makes work."""
    lake, clean, policy = run.lake, run.config.clean, _policy(run)
    settings = FinalizeConfig.of(policy, clean.repair, clean.pii)
    work = plan(lake, "dedup", CLEAN_DOCUMENTS, ["decisions", "measures", "duplicates"], settings.fingerprint())
    if work.mode == "nothing":
        return
    kept = candidates(work.whole(lake, "measures"), work.read(lake, "decisions"), policy)
    finalized = clean_documents(kept, work.whole(lake, "duplicates"), settings, work.run_id)
    run.committed(work.commit(lake, finalized))


def _policy(run: StageContext) -> Policy:
    """The policy that decided: the configured one, unless `tokenlake decide --apply` has put another in its place."""
    configured = load(run.config.clean.policy)
    label = label_in_force(run.lake)
    return configured if label in (None, configured.label) else policy_of(run.lake, str(label))
