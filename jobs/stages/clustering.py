"""signatures -> duplicates: clusters within the lake, and documents that the lakes of `dedup.against` hold.

A document that another lake holds is in no cluster here: it is taken out first, and the rest is clustered. So what a
growing reference takes out is treated like documents that left the lake, and what it gives back like new ones.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.stages import references
from jobs.stages.context import StageContext
from jobs.stages.references import OtherLake
from lake.commits import Commit, CommitMetadata
from lake.ledger import Work, keys
from lake.scratch import Scratch
from pipelines.dedup.config import DedupConfig
from pipelines.dedup.removal import remaining
from pipelines.dedup.spark import clusters
from pipelines.references import spark as held
from pipelines.semantics import CLUSTERING
from pipelines.tables import DUPLICATES, SIGNATURES

Texts = Callable[[Work, DataFrame], DataFrame]
"""From some documents (doc_id) to `doc_id, text`, as of the versions that a work reads."""


def cluster(run: StageContext, texts: Texts) -> None:
    """Brings table `duplicates` up to date with the signatures, and with what other lakes hold."""
    others = references.opened(run)
    now, before = references.state(others), references.recorded(run.lake)
    settings = run.config.dedup.fingerprint()
    work = run.plan("dedup", DUPLICATES, ["signatures", "measures", "decisions"], settings, CLUSTERING)
    if work.mode == "nothing" and now == before:
        return
    with Scratch(run.lake, work.run_id) as scratch:
        step = _Step(run, replace(work, outside=now), texts, others, scratch)
        if work.mode == "rebuild":
            run.committed(step.rebuilt())
            return
        for sentence in references.news(before, now):
            run.reporter.event("reference_changed", f"  note: {sentence}")
        run.committed(step.updated(compare_all=now != before))


def batches(run: StageContext, after: int) -> Iterator[int]:
    """Batch numbers of the commits of `signatures` after a version, newest first, back to the last rebuild."""
    for commit in run.lake.commits(SIGNATURES.name, after):
        if commit.of_step:
            yield int(commit.of_step.detail["batch"])
            if commit.of_step.mode == "rebuild":
                break


_NO_DOCUMENTS = pa.table({"doc_id": pa.array([], pa.string())})


@dataclass(frozen=True)
class _Moved:
    """What other lakes hold, and which documents of earlier runs that changes."""

    held: DataFrame  # of `HELD`
    taken: DataFrame  # doc_id of those that were not held before
    freed: DataFrame  # doc_id of those that are not held any more
    any: bool  # whether there are any of these two


@dataclass
class _Step:
    """One computation of the table."""

    run: StageContext
    work: Work
    texts: Texts
    others: Sequence[OtherLake]
    scratch: Scratch

    @property
    def config(self) -> DedupConfig:
        return self.run.config.dedup

    def rebuilt(self) -> Commit:
        """Makes the table anew."""
        signed = self.work.whole(self.run.lake, "signatures")
        held_now = self._held(signed)
        found = self._clusters(_without(signed, held_now), None, 0)
        rows = found.unionByName(held.rows(held_now, self.work.run_id))
        return self.work.commit(self.run.lake, rows, **self._detail())

    def updated(self, compare_all: bool) -> Commit:
        """Adds new documents; with `compare_all`, earlier ones are compared with the other lakes again."""
        lake, scratch = self.run.lake, self.scratch
        if not self.work.fresh:  # nothing is new here
            made_by = {*self._last().semantics, CLUSTERING.version}
            semantics = ",".join(map(str, sorted(made_by)))
            self.work = replace(self.work, fresh=dict.fromkeys(self.work.inputs, ()), semantics=semantics)
        signed, first_new = self.work.whole(lake, "signatures"), self._first_new()
        previous = self.work.previous(lake)
        gone = scratch.frame(pa.table({"doc_id": self.work.gone(lake)}))
        moved = self._moved(signed, previous.where("reference IS NOT NULL"), gone, first_new, compare_all)
        if moved.any:
            self.work = replace(self.work, mode="change")
        work = self.work

        known = previous.where("reference IS NULL").drop("reference")
        left = remaining(known, gone.unionByName(moved.taken), work.run_id)
        rows, again = scratch.keep(left.rows), scratch.keep(left.again.unionByName(moved.freed))
        arrived = signed.join(again.withColumn("again", F.lit(True)), on="doc_id", how="left").withColumn(
            "batch", F.expr(f"if(again, {first_new}L, batch)")
        )
        clustered = self._clusters(_without(arrived.drop("again"), moved.held), rows, first_new)
        resized = _without(left.resized, clustered).withColumn("reference", F.lit(None).cast("string"))
        holding = held.changed(held.rows(moved.held, work.run_id), previous.where("reference IS NOT NULL"))
        changed = scratch.keep(clustered.unionByName(resized).unionByName(holding))
        replaced = [
            keys(rows.select("doc_id")) for rows in (gone, moved.taken, again, self._to_replace(changed, previous))
        ]
        return work.replace(lake, pa.concat_arrays(replaced), work.write(lake, changed), **self._detail())

    def _moved(
        self, signed: DataFrame, before: DataFrame, gone: DataFrame, first_new: int, compare_all: bool
    ) -> "_Moved":
        """What other lakes hold now, beside the rows `before` of the documents that they held."""
        is_new, nothing = F.col("batch") >= first_new, self.scratch.frame(_NO_DOCUMENTS)
        if not self.others and not compare_all:
            return _Moved(self.scratch.frame(held.HELD.empty_table()), nothing, nothing, any=False)
        if not compare_all:
            found = self._held(signed.where(is_new))
            earlier = _without(before, gone).select(*held.HELD.names)
            return _Moved(self.scratch.keep(earlier.unionByName(found)), nothing, nothing, any=False)
        found = self._held(signed)
        settled = signed.where(~is_new).select("doc_id").join(found, on="doc_id", how="left_semi")
        taken = self.scratch.keep(_without(settled, before))
        freed = self.scratch.keep(_without(_without(before, found), gone).select("doc_id"))
        return _Moved(found, taken, freed, any=not (taken.isEmpty() and freed.isEmpty()))

    def _to_replace(self, changed: DataFrame, previous: DataFrame) -> DataFrame:
        """Of many changed rows only those whose documents have a row already: the ids pass through the driver."""
        if changed.count() <= self.config.driver_documents:
            return changed
        return changed.join(previous.select("doc_id"), on="doc_id", how="left_semi")

    def _first_new(self) -> int:
        """The first batch that is new; where there is none, the next one."""
        new = list(batches(self.run, after=self._last().inputs["signatures"]))
        return min(new) if new else 1 + max(batches(self.run, after=-1))

    def _last(self) -> CommitMetadata:
        last = self.run.lake.last_own_commit(DUPLICATES.name)
        assert last is not None
        assert last.metadata is not None
        return last.metadata

    def _held(self, documents: DataFrame) -> DataFrame:
        """The documents that another lake holds -> `HELD`, each by the first lake that does."""
        found = self.scratch.frame(held.HELD.empty_table())
        for other in self.others:
            rest = _without(documents, found)
            more = held.held(rest, other, self._texts, self.config, self.scratch)
            found = self.scratch.keep(found.unionByName(more))
        return found

    def _clusters(self, signed: DataFrame, known: DataFrame | None, first_new: int) -> DataFrame:
        found = clusters(signed, known, self._texts, self.config, first_new, self.work.run_id, self.scratch)
        return found.withColumn("reference", F.lit(None).cast("string"))

    def _texts(self, documents: DataFrame) -> DataFrame:
        return self.texts(self.work, documents)

    def _detail(self) -> dict[str, str]:
        return {references.STATE: self.work.outside} if self.work.outside else {}


def _without(documents: DataFrame, others: DataFrame) -> DataFrame:
    return documents.join(others.select("doc_id"), on="doc_id", how="left_anti")
