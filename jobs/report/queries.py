"""The queries of the report: native aggregates with small results, whatever the size of the lake.

Each function reads its tables once. Only `excerpts` reads texts; all others read narrow columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from jobs.report import bins
from jobs.report.bins import Bins
from jobs.report.labels import REWRITERS
from pipelines.contamination.spark import overlaps_of_candidates
from pipelines.policies.policy import DECONTAMINATION, Policy
from pipelines.policies.rules import CLASSIFIERS, NOTHING_LEFT, RULE_SETS
from pipelines.policies.spark import scored, value

EXCERPT_CHARACTERS = 300
EXAMPLES = 3
LARGEST_CLUSTERS = 6
MEMBERS = 5


@dataclass(frozen=True)
class MeasureColumn:
    """A leaf of `measures` whose values can be counted in bins."""

    name: str
    kind: bins.Kind


def sources(inputs: DataFrame) -> list[Row]:
    """Files, bytes and records per source and format; skipped records have no content."""
    skipped = F.aggregate(F.map_values("skipped"), F.lit(0).cast("long"), lambda total, each: total + each)
    sums = [F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in ("size", "rows_read", "documents", "rejects")]
    return (
        inputs.groupBy("source", "format")
        .agg(F.count("*").alias("files"), *sums, F.coalesce(F.sum(skipped), F.lit(0)).alias("skipped"))
        .orderBy("source", "format")
        .collect()
    )


def encodings(documents: DataFrame) -> list[Row]:
    """Documents per source that were not simply valid UTF-8: their encoding, who says so, and what was mended."""
    meta = F.col("meta")
    told = documents.select(
        "source",
        meta["encoding"].alias("encoding"),
        meta["encoding_source"].alias("said"),
        meta["undecodable"].try_cast("long").alias("undecodable"),
        meta["joined_surrogates"].try_cast("long").alias("joined"),
    )
    return (
        told.where(F.col("said").isNotNull())
        .groupBy("source", "encoding", "said")
        .agg(
            F.count("*").alias("documents"),
            F.count("undecodable").alias("damaged"),
            F.coalesce(F.sum("undecodable"), F.lit(0)).alias("undecodable"),
            F.coalesce(F.sum("joined"), F.lit(0)).alias("joined"),
        )
        .orderBy("source", F.desc("documents"), "encoding", "said")
        .collect()
    )


def rejects(table: DataFrame) -> list[Row]:
    """Records per source and reason, each with its first reject by (uri, position)."""
    first = F.min(F.struct("uri", "position", "detail", "sample"))
    return (
        table.groupBy("source", "reason")
        .agg(F.count("*").alias("records"), first.alias("first"))
        .orderBy(F.desc("records"), "source", "reason")
        .collect()
    )


def events(
    documents: DataFrame,
    decisions: DataFrame | None,
    duplicates: DataFrame | None,
    repeating: DataFrame | None,
    clean: DataFrame | None,
    tokens: DataFrame | None,
    token_bins: Bins,
) -> list[Row]:
    """The fate of documents, counted per source, language, kind and name of the event.

    Kinds: `undecided`, `dropped` (name: first reason), `duplicate` (name: method), `held` (name: the other lake),
    `repeating` (name: first reason, of a decision on passages) and `kept` (exactly one of them per document), `reason`
    (one per failed rule), `tokens` (name: slot of the tokens-per-document histogram).
    Returns rows (source, language, kind, name, documents, tokenized, tokens, characters).
    """
    rows = documents.select("doc_id", "source", "language")
    rows = _with(rows, decisions, reasons=(F.col("reasons"), "array<string>"))
    of_duplicates = {name: (F.col(name), "string") for name in ("method", "reference")}
    rows = _with(rows, duplicates, survived=(F.col("kept"), "boolean"), **of_duplicates)
    rows = _with(rows, repeating, too_little=(F.get("reasons", F.lit(0)), "string"))
    rows = _with(rows, clean, characters=(F.col("characters"), "long"))
    rows = _with(rows, tokens, n_tokens=(F.col("n_tokens"), "long"))
    fate = (
        F.when(F.col("reasons").isNull(), _event("undecided"))
        .when(F.size("reasons") > 0, _event("dropped", F.get("reasons", F.lit(0))))
        .when(F.col("reference").isNotNull(), _event("held", F.col("reference")))
        .when(~F.col("survived"), _event("duplicate", F.col("method")))
        .when(F.col("too_little").isNotNull(), _event("repeating", F.col("too_little")))
        .otherwise(_event("kept"))
    )
    failed = F.transform(
        F.coalesce("reasons", F.array().cast("array<string>")), lambda reason: _event("reason", reason)
    )
    size = F.when(F.col("n_tokens").isNotNull(), _event("tokens", slot(F.col("n_tokens"), token_bins).cast("string")))
    happened = F.array_compact(F.concat(F.array(fate, size), failed))
    return (
        rows.select("source", "language", "characters", "n_tokens", F.explode(happened).alias("event"))
        .groupBy("source", "language", "event.kind", "event.name")
        .agg(
            F.count("*").alias("documents"),
            F.count("n_tokens").alias("tokenized"),
            F.coalesce(F.sum("n_tokens"), F.lit(0)).alias("tokens"),
            F.coalesce(F.sum(F.when(F.col("n_tokens").isNotNull(), F.col("characters"))), F.lit(0)).alias(
                "characters"
            ),
        )
        .collect()
    )


def rewriting(clean: DataFrame) -> list[Row]:
    """Clean documents per language: all, rewritten ones, characters, and those that each pass removed.

    Rows that an earlier version wrote do not tell, and are left out.
    """
    removed = [F.sum(F.coalesce(F.col("rewritten")[name], F.lit(0))).alias(name) for name in REWRITERS]
    return (
        clean.where("rewritten IS NOT NULL")
        .groupBy("language")
        .agg(
            F.count("*").alias("documents"),
            F.count_if(F.size("rewritten") > 0).alias("rewritten"),
            F.sum("characters").alias("characters"),
            *removed,
        )
        .collect()
    )


def overlaps(contamination: DataFrame, decisions: DataFrame, clean: DataFrame | None, policy: Policy) -> list[Row]:
    """Overlaps with each benchmark of the texts that the policy chooses.

    Returns rows (benchmark, found, documents, dropped, characters); `characters` of documents that are delivered.
    """
    judged = F.array(*(F.lit(rule.reason) for rule in (*RULE_SETS[DECONTAMINATION], NOTHING_LEFT)))
    dropped = decisions.where(F.arrays_overlap("reasons", judged)).select("doc_id", F.lit(True).alias("dropped"))
    rows = _with(overlaps_of_candidates(contamination, policy), dropped, dropped=(F.col("dropped"), "boolean"))
    removed = clean if DECONTAMINATION in policy.rewrite else None
    rows = _with(rows, removed, delivered=(F.col("doc_id").isNotNull(), "boolean"))
    length = F.when(F.col("delivered"), F.col("end") - F.col("start"))
    return (
        rows.groupBy("benchmark")
        .agg(
            F.countDistinct("item").alias("found"),
            F.countDistinct("doc_id").alias("documents"),
            F.countDistinct(F.when(F.col("dropped"), F.col("doc_id"))).alias("dropped"),
            F.coalesce(F.sum(length), F.lit(0)).alias("characters"),
        )
        .collect()
    )


def measure_columns(measures: DataFrame) -> list[MeasureColumn]:
    """All numbers and switches of the measures table, in its order: top-level, in a rule set's struct, or scores."""
    found = []
    for field in measures.schema.fields:
        if field.name == CLASSIFIERS:
            found += [MeasureColumn(f"{CLASSIFIERS}.{name}", "share") for name in scored(measures) or ()]
        if isinstance(field.dataType, T.StructType):
            leaves = [T.StructField(f"{field.name}.{leaf.name}", leaf.dataType) for leaf in field.dataType.fields]
        else:
            leaves = [field]
        for leaf in leaves:
            kind = next((kind for dtype, kind in _KINDS.items() if isinstance(leaf.dataType, dtype)), None)
            if kind:
                found.append(MeasureColumn(leaf.name, kind))
    return found


_KINDS: dict[type[T.DataType], bins.Kind] = {
    T.BooleanType: "switch",
    T.IntegralType: "count",
    T.FractionalType: "share",
}


def distributions(measures: DataFrame, binned: Sequence[tuple[str, Bins]]) -> list[Row]:
    """Values per language, measure and slot, in one pass: rows (language, measure, slot, documents).

    Each document becomes one small integer per measure, `measure number * SLOTS + slot`, and these are counted.
    """
    codes = [F.lit(number * bins.SLOTS) + slot(value(name), each) for number, (name, each) in enumerate(binned)]
    return (
        measures.select("language", F.explode(F.array(*codes)).alias("code"))
        .where("code IS NOT NULL")  # faster than `array_compact` before, which Spark does not compile
        .groupBy("language", "code")
        .agg(F.count("*").alias("documents"))
        .select(
            "language",
            F.floor(F.col("code") / bins.SLOTS).cast("int").alias("measure"),
            (F.col("code") % bins.SLOTS).alias("slot"),
            "documents",
        )
        .collect()
    )


def examples(decisions: DataFrame) -> list[Row]:
    """Per reason the documents with the fewest reasons, then the smallest ids: rows (reason, doc_id, reasons)."""
    listed = decisions.where(F.size("reasons") > 0).select("doc_id", "reasons", F.explode("reasons").alias("reason"))
    place = F.row_number().over(Window.partitionBy("reason").orderBy(F.size("reasons"), "doc_id"))
    few = listed.withColumn("place", place).where(F.col("place") <= EXAMPLES)
    return few.select("reason", "doc_id", "reasons").orderBy("reason", "place").collect()


def cluster_sizes(duplicates: DataFrame) -> list[Row]:
    """Clusters of two and more per size and method of the survivor: rows (size, method, clusters)."""
    survivors = duplicates.where(F.col("kept") & (F.col("cluster_size") > 1))
    return (
        survivors.groupBy(F.col("cluster_size").alias("size"), "method").agg(F.count("*").alias("clusters")).collect()
    )


def largest_clusters(duplicates: DataFrame) -> list[Row]:
    """Survivor and the members with the smallest ids of the largest clusters."""
    order = (F.desc("cluster_size"), F.col("cluster_id"))
    chosen = duplicates.where(F.col("kept") & (F.col("cluster_size") > 1)).orderBy(*order).limit(LARGEST_CLUSTERS)
    own = duplicates.where("reference IS NULL")
    members = own.join(F.broadcast(chosen.select("cluster_id")), "cluster_id", "left_semi")
    place = F.row_number().over(Window.partitionBy("cluster_id").orderBy(F.desc("kept"), "doc_id"))
    few = members.withColumn("place", place).where(F.col("place") <= MEMBERS)
    wanted = few.select("cluster_id", "doc_id", "kept", "method", "similarity", "cluster_size")
    return wanted.orderBy(*order, F.desc("kept"), "doc_id").collect()


def excerpts(documents: DataFrame, doc_ids: Sequence[str]) -> list[Row]:
    """Where some documents come from and how they begin."""
    return (
        documents.where(F.col("doc_id").isin(list(doc_ids)))
        .select(
            "doc_id",
            "source",
            "uri",
            "language",
            F.substring("text", 1, EXCERPT_CHARACTERS).alias("text"),
            F.length("text").alias("characters"),
        )
        .collect()
    )


def measured(measures: DataFrame, doc_ids: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Some measures of some documents: doc_id -> measure -> value."""
    known = {column.name for column in measure_columns(measures)}
    names = [name for name in names if name in known]
    columns = [value(name).alias(name.replace(".", "/")) for name in names]
    rows = measures.where(F.col("doc_id").isin(list(doc_ids))).select("doc_id", *columns).collect()
    return {row["doc_id"]: {name: row[name.replace(".", "/")] for name in names} for row in rows}


def splits(sequences: DataFrame, length: int) -> list[Row]:
    """Sequences, tokens and pieces per split and slot of the fill; `length` is that of a sequence, in tokens."""
    return (
        sequences.groupBy("split", slot(F.col("n_tokens") / F.lit(max(length, 1)), bins.FILL).alias("slot"))
        .agg(
            F.count("*").alias("sequences"),
            F.sum("n_tokens").alias("tokens"),
            F.sum(F.size("doc_lengths")).alias("pieces"),
        )
        .collect()
    )


def bytes_of_ids(table: DataFrame) -> tuple[int, int]:
    """(bytes, tokens) of the ids of one row that has tokens; zeros when there is none."""
    row = table.where(F.col("n_tokens") > 0).select(F.octet_length("ids"), "n_tokens").head()
    return (row[0], row[1]) if row else (0, 0)


def slot(measured: Column, binned: Bins) -> Column:
    """The slot of a value; null for null and for NaN."""
    number = F.log10(measured) if binned.logarithmic else measured.cast("double")
    # Not `width_bucket`: for values at edges its result depends on the engine.
    step = F.floor((number - F.lit(binned.low)) * F.lit(binned.count / (binned.high - binned.low))) + F.lit(1)
    within = F.greatest(F.least(step, F.lit(binned.count + 1)), F.lit(0))
    found = F.when(measured <= 0, F.lit(0)).otherwise(within) if binned.logarithmic else within
    # `greatest` and `least` ignore nulls.
    return F.when(measured.isNotNull() & ~F.isnan(measured.cast("double")), found).cast("int")


def _event(kind: str, name: Column | None = None) -> Column:
    name = F.lit(None).cast("string") if name is None else name
    return F.struct(F.lit(kind).alias("kind"), name.alias("name"))


def _with(rows: DataFrame, table: DataFrame | None, **columns: tuple[Column, str]) -> DataFrame:
    """`rows` with columns of a table of the same key; null where it has no such document, or does not exist."""
    if table is None:
        return rows.select("*", *(F.lit(None).cast(dtype).alias(name) for name, (_, dtype) in columns.items()))
    return rows.join(
        table.select("doc_id", *(value.alias(name) for name, (value, _) in columns.items())), "doc_id", "left"
    )
