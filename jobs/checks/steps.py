"""Each table beside the tables it was made from, at the versions that its last commit names.

So the checks also hold where a run was interrupted between two steps: what is not processed yet is told apart from
what is lost.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.checks.finding import Finding, none_of
from jobs.checks.waiting import expired, read_by, rows_committed_after
from lake.lake import Lake


@dataclass(frozen=True)
class Inputs:
    """The rows of the inputs that a table's last commit read."""

    lake: Lake
    tables: Mapping[str, int]  # input -> version

    def __call__(self, name: str) -> DataFrame:
        version = self.tables[name]
        has_grown = bool(rows_committed_after(self.lake, name, version))
        return self.lake.read(name, self.lake.same_rows_until(name, version) if has_grown else None)


def made_from(lake: Lake, table: str) -> Iterator[Finding]:
    """Each document of the inputs is in the table exactly once, if it belongs there."""
    check = _CHECKS.get(table)
    if check is None or expired(lake, table) or not read_by(lake, table):
        return  # a table that was switched off was made from nothing
    yield from check(lake.read(table), inputs_of(lake, table))


def inputs_of(lake: Lake, table: str) -> Inputs:
    """The rows of the inputs that the table's last commit read."""
    return Inputs(lake, read_by(lake, table))


def same_documents(name: str, left: DataFrame, right: DataFrame) -> Finding:
    """Both have the same doc_ids, each as often."""
    signed = left.select("doc_id", F.lit(1).alias("n")).unionByName(right.select("doc_id", F.lit(-1).alias("n")))
    by_document = signed.groupBy("doc_id").agg(F.sum("n").alias("n"), F.count("*").alias("rows"))
    row = by_document.agg(
        F.sum("rows").alias("rows"),
        F.count_if(F.col("n") > 0).alias("more"),
        F.count_if(F.col("n") < 0).alias("missing"),
        F.min(F.when(F.col("n") != 0, F.col("doc_id"))).alias("example"),
    ).head()
    assert row is not None
    if row["more"] or row["missing"]:
        detail = f"{row['missing']:,} are missing, {row['more']:,} too many, such as {row['example']}"
        return Finding(name, False, detail)
    return Finding(name, True, f"{(row['rows'] or 0) // 2:,}")


def _measures(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    yield same_documents("each document is measured once", rows, inputs("documents"))


def _contamination(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    measured = inputs("measures").select("doc_id").join(rows.select("doc_id"), on="doc_id", how="left_semi")
    yield same_documents("each document with an overlap is measured", rows, measured)


def _decisions(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    yield same_documents("each measured document is kept or dropped", rows, inputs("measures"))


def _signatures(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    yield same_documents("each kept document is signed once", rows, inputs("decisions").where("kept"))


def _duplicates(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    signed = inputs("signatures").select("doc_id").join(rows.select("doc_id"), on="doc_id", how="left_semi")
    yield same_documents("each clustered document is signed", rows, signed)
    clusters = rows.where("reference IS NULL").select(F.col("cluster_id").alias("doc_id")).distinct()
    survivors = rows.where("kept AND reference IS NULL")
    yield same_documents("each cluster has one survivor, which names it", survivors, clusters)
    wrong = rows.where("kept AND reference IS NOT NULL")
    row = wrong.agg(F.count("*").alias("documents"), F.min("doc_id").alias("example")).head()
    assert row is not None
    yield none_of("documents kept that another lake holds", row["documents"], row["example"])


def _survivors(inputs: Inputs) -> DataFrame:
    dropped = inputs("duplicates").where("NOT kept").select("doc_id")
    return inputs("decisions").where("kept").join(dropped, on="doc_id", how="left_anti")


def _passages(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    yield same_documents("passages of each document that is no duplicate are measured once", rows, _survivors(inputs))


def _passage_decisions(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    yield same_documents("passages of each document are decided once", rows, inputs("passages"))


def _clean_documents(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    survivors = _survivors(inputs)
    if "passage_decisions" in inputs.tables:
        dropped = inputs("passage_decisions").where("NOT kept").select("doc_id")
        survivors = survivors.join(dropped, on="doc_id", how="left_anti")
    yield same_documents("each kept document is clean, or a duplicate", rows, survivors)


def _tokens(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    yield same_documents("each clean document is encoded once", rows, inputs("clean_documents"))


_CHECKS: dict[str, Callable[[DataFrame, Inputs], Iterator[Finding]]] = {
    "measures": _measures,
    "contamination": _contamination,
    "decisions": _decisions,
    "signatures": _signatures,
    "duplicates": _duplicates,
    "passages": _passages,
    "passage_decisions": _passage_decisions,
    "clean_documents": _clean_documents,
    "tokens": _tokens,
}
