"""Files of sentence pairs -> pairs -> pair_measures -> pair_decisions -> pair_duplicates -> clean_pairs.

Each pair is measured once; a policy decides; of duplicates one stays; what is left gets the group by which the
held-out split goes. Does nothing where the configuration names no `pairs.sources`.
"""

import json
from collections.abc import Callable
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.pair_counts import require_identities
from jobs.stages import priorities
from jobs.stages.context import StageContext
from jobs.stages.pair_files import read_sources
from jobs.stages.pair_policies import keep_pair_policy
from lake.ledger import Work, fingerprint, keys
from lake.scratch import Scratch
from pipelines.bitext.policies.files import load
from pipelines.bitext.spark import decided, duplicates, joined_groups, measured, sentence_edges, source_groups
from pipelines.dedup.components import named_labels
from pipelines.semantics import PAIR_COMPARING, PAIR_DECIDING, PAIR_FINALIZING, PAIR_MEASURING
from pipelines.tables import CLEAN_PAIRS, PAIR_DECISIONS, PAIR_DUPLICATES, PAIR_MEASURES, PAIRS

_SCRATCH = "pairs"
_BATCH = "batch"

_Complete = Callable[[DataFrame], DataFrame]


def run(run: StageContext) -> None:
    """Brings the tables of sentence pairs up to date with the files that the configuration names."""
    if not run.config.pairs.sources:
        return
    before = run.lake.version(CLEAN_PAIRS.name)
    read_sources(run)
    _measure(run)
    _decide(run)
    _compare(run)
    _finalize(run)
    if run.lake.version(CLEAN_PAIRS.name) != before:
        require_identities(run)


def _measure(run: StageContext) -> None:
    """Measures new pairs. Each commit is one batch; batches are numbered in order of arrival."""
    lake, config = run.lake, run.config.pairs
    last = lake.last_own_commit(PAIR_MEASURES.name)
    recorded = dict(last.metadata.detail) if last and last.metadata else {}
    before: dict[str, int] = json.loads(recorded.get(priorities.DETAIL, "{}"))
    priority = before | {source.name: source.priority for source in config.sources}
    other = sorted(name for name in before if priority[name] != before[name])
    changed = f"the priority of {', '.join(other)} has changed" if other else ""
    settings = fingerprint(config.identify_languages)
    work = run.plan("pairs", PAIR_MEASURES, [PAIRS.name], settings, PAIR_MEASURING, changed)
    if work.mode == "nothing":
        return
    batch = 0 if work.mode == "rebuild" else 1 + int(recorded.get(_BATCH, 0))
    new = work.read(lake, PAIRS.name)
    if len(lake.files(PAIRS.name, work.inputs[PAIRS.name])) < run.engine.parallelism():  # each is read by one task
        new = new.repartition(run.engine.parallelism())
    rows = measured(new, priorities.column(priority), config.identify_languages, batch, work.run_id)
    detail = {_BATCH: str(batch), priorities.DETAIL: json.dumps(priority, sort_keys=True)}
    run.committed(work.commit(lake, rows, **detail))


def _decide(run: StageContext) -> None:
    policy = load(run.config.pairs.policy)
    work = run.plan("pairs", PAIR_DECISIONS, [PAIR_MEASURES.name], policy.fingerprint(), PAIR_DECIDING)
    if work.mode != "nothing":
        keep_pair_policy(run.lake, policy)
        rows = decided(work.read(run.lake, PAIR_MEASURES.name), policy, work.run_id)
        run.committed(work.commit(run.lake, rows, policy=policy.label))


def _compare(run: StageContext) -> None:
    """Finds the duplicates among all kept pairs, and commits what is new or different."""
    config = run.config.pairs.dedup
    settings = fingerprint(config.by, config.seed)
    inputs = [PAIR_DECISIONS.name, PAIR_MEASURES.name]
    work = run.plan("pairs", PAIR_DUPLICATES, inputs, settings, PAIR_COMPARING)
    if work.mode == "nothing":
        return
    with Scratch(run.lake, _SCRATCH) as scratch:
        found = scratch.keep(duplicates(_kept_measures(run, work), config))
        _commit_difference(run, work, found, lambda missing: missing)


def _kept_measures(run: StageContext, work: Work) -> DataFrame:
    """What the comparison needs of the pairs that the rules kept."""
    kept = work.whole(run.lake, PAIR_DECISIONS.name).where("kept").select("pair_id")
    needed = ["pair_id", "source_language", "target_language", "source_hash", "target_hash", "priority", "batch"]
    return work.whole(run.lake, PAIR_MEASURES.name).select(*needed).join(kept, on="pair_id", how="left_semi")


def _finalize(run: StageContext) -> None:
    """Writes the kept pairs that are no duplicates, each with its group of the held-out split."""
    config = run.config.pairs.dedup
    inputs = [PAIR_DECISIONS.name, PAIR_MEASURES.name, PAIR_DUPLICATES.name, PAIRS.name]
    work = run.plan("pairs", CLEAN_PAIRS, inputs, fingerprint(config.group_by), PAIR_FINALIZING)
    if work.mode == "nothing":
        return
    dropped = work.whole(run.lake, PAIR_DUPLICATES.name).where("NOT kept").select("pair_id")
    with Scratch(run.lake, _SCRATCH) as scratch:
        survivors = _kept_measures(run, work).join(dropped, on="pair_id", how="left_anti")
        if config.group_by == "source":
            groups = source_groups(survivors)
        else:
            edges = sentence_edges(survivors).toArrow()
            groups = joined_groups(survivors, scratch.frame(named_labels(edges["source"], edges["target"])))
        _commit_difference(run, work, scratch.keep(groups), lambda missing: _texts(run, work, missing))


def _texts(run: StageContext, work: Work, groups: DataFrame) -> DataFrame:
    """The rows of `clean_pairs`, without run id, for some pairs with their groups.

    Of up to `dedup.driver_documents`, the driver finds the files of `pairs` that hold them.
    """
    if work.mode != "rebuild" and groups.count() <= run.config.dedup.driver_documents:
        pairs = work.beside(run.lake, PAIRS.name, keys(groups.select("pair_id")), "pair_id")
    else:
        pairs = work.whole(run.lake, PAIRS.name)
    names = [name for name in CLEAN_PAIRS.schema.names if name not in ("split_group_id", "run_id")]
    return pairs.select(*names).join(groups, on="pair_id")


def _commit_difference(run: StageContext, work: Work, wanted: DataFrame, completed: _Complete) -> None:
    """Commits what makes the output the rows that are wanted: rows that are missing come, rows that are stale leave.

    Where none leaves, the commit is an append, whatever happened to the inputs: later steps then see one.

    Args:
        run: of the stage.
        work: not `nothing`.
        wanted: all rows, in columns that say by themselves whether a row is up to date.
        completed: adds the columns of the output that `wanted` lacks, but for the run id.
    """
    lake, columns = run.lake, wanted.columns
    missing = wanted
    stale = None
    if work.mode != "rebuild":
        there = work.previous(lake).select(*columns)
        stale = keys(there.join(wanted, on=columns, how="left_anti").select(work.output.key[0]))
        missing = wanted.join(there, on=columns, how="left_anti")
        work = replace(work, mode="change" if len(stale) else "append")
    rows = completed(missing).withColumn("run_id", F.lit(work.run_id)).select(*work.output.schema.names)
    if stale is None or not len(stale):
        run.committed(work.commit(lake, rows))
    else:
        run.committed(work.replace(lake, stale, work.write(lake, rows)))
