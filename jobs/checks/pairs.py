"""Each table of sentence pairs beside the tables it was made from, as `steps` does for documents."""

from collections.abc import Callable, Iterator

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.checks.finding import Finding, none_of
from jobs.checks.steps import Inputs, inputs_of, same_documents
from jobs.checks.waiting import expired, read_by
from jobs.stages.staged_pairs import unfinished
from lake.lake import Lake

READ = ("pair_inputs", "pairs", "pair_rejects")
"""What reading commits, one after the other."""


def is_interrupted(lake: Lake) -> bool:
    """Whether a reading of pairs has ended before all its commits; the next run makes them."""
    return unfinished(lake) is not None


def made_from(lake: Lake, table: str) -> Iterator[Finding]:
    """Each pair of the inputs is in the table exactly once, if it belongs there."""
    check = _CHECKS.get(table)
    if check is not None and not expired(lake, table) and read_by(lake, table):
        yield from check(lake.read(table), inputs_of(lake, table))


def _same(name: str, left: DataFrame, right: DataFrame) -> Finding:
    one, other = (rows.select(F.col("pair_id").alias("doc_id")) for rows in (left, right))
    return same_documents(name, one, other)


def _measures(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    yield _same("each sentence pair is measured once", rows, inputs("pairs"))


def _decisions(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    yield _same("each measured pair is kept or dropped", rows, inputs("pair_measures"))


def _duplicates(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    kept = inputs("pair_decisions").where("kept").select("pair_id")
    there = kept.join(rows.select("pair_id"), on="pair_id", how="left_semi")
    yield _same("each pair with a duplicate was kept by the rules", rows, there)
    clusters = rows.select(F.col("cluster_id").alias("pair_id")).distinct()
    yield _same("each cluster of pairs has one survivor, which names it", rows.where("kept"), clusters)


def _clean(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    dropped = inputs("pair_duplicates").where("NOT kept").select("pair_id")
    kept = inputs("pair_decisions").where("kept").select("pair_id")
    yield _same("each kept pair is clean, or a duplicate", rows, kept.join(dropped, on="pair_id", how="left_anti"))
    hashed = inputs("pair_measures").select("pair_id", "source_hash")
    of_sentence = rows.join(hashed, on="pair_id").groupBy("source_hash")
    torn = of_sentence.agg(F.count_distinct("split_group_id").alias("groups"), F.min("pair_id").alias("pair_id"))
    row = torn.where("groups > 1").agg(F.count("*").alias("count"), F.min("pair_id").alias("example")).head()
    assert row is not None
    yield none_of("source sentences in several groups of the held-out split", row["count"], row["example"])


def _tokens(rows: DataFrame, inputs: Inputs) -> Iterator[Finding]:
    yield _same("each clean pair is encoded once", rows, inputs("clean_pairs"))


_CHECKS: dict[str, Callable[[DataFrame, Inputs], Iterator[Finding]]] = {
    "pair_measures": _measures,
    "pair_decisions": _decisions,
    "pair_duplicates": _duplicates,
    "clean_pairs": _clean,
    "pair_tokens": _tokens,
}
