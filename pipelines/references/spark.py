"""The Spark edge: which documents of a lake another lake holds.

What is found of a document depends on that document and the other lake alone, so it is the same whether documents come
at once or one after the other. Signatures are joined on the engine; texts are read of candidates only.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.dedup.config import DedupConfig, MinHashConfig
from pipelines.tables import DUPLICATES
from pipelines.workers.edge import in_worker

Batches = Iterator[pa.RecordBatch]
Texts = Callable[[DataFrame], DataFrame]
"""From `doc_id` to `doc_id, text` of at least these documents."""

HELD = pa.schema(
    [
        ("doc_id", pa.string()),
        ("method", pa.string()),
        ("cluster_id", pa.string()),
        ("similarity", pa.float64()),
        ("reference", pa.string()),
    ]
)
"""Documents that another lake holds; columns as of table `duplicates`."""


class Reference(Protocol):
    """Another lake."""

    @property
    def root(self) -> str:
        """Names it in the column `reference`."""

    def signatures(self) -> DataFrame:
        """Table `signatures` of the documents that it delivers."""

    def texts(self, documents: DataFrame) -> DataFrame:
        """Their texts, as `Texts`."""


class Scratch(Protocol):
    """Storage of intermediate rows, so that later queries do not compute them again."""

    def keep(self, rows: DataFrame) -> DataFrame:
        """Computes rows once, and returns a DataFrame that reads the stored result."""


def held(documents: DataFrame, reference: Reference, texts: Texts, config: DedupConfig, scratch: Scratch) -> DataFrame:
    """The documents that a reference holds -> `HELD`, each once.

    An equal text comes first, then the most similar one, then the smallest doc_id. Without verification, an equal band
    is enough. Queries run during this call.

    Args:
        documents: rows of table `signatures` to look for.
        reference: the other lake, signed with the same settings.
        texts: of `documents`.
        config: what makes a duplicate.
        scratch: for intermediate rows; needed until the result has been computed.

    Raises:
        LookupError: a document of either lake has a signature but no text.
    """
    others = reference.signatures()
    found = []
    if config.exact:
        equal = scratch.keep(_equal(documents, others))
        documents = documents.join(equal.select("doc_id"), on="doc_id", how="left_anti")
        found.append(equal.withColumn("method", F.lit("exact")))
    if config.minhash:
        near = _near(documents, others, reference, texts, config.minhash, scratch)
        found.append(near.withColumn("method", F.lit("minhash")))
    rows = found[0] if len(found) == 1 else found[0].unionByName(found[1])
    return rows.withColumn("reference", F.lit(reference.root)).select(*HELD.names)


def _equal(documents: DataFrame, others: DataFrame) -> DataFrame:
    """Documents whose normalised text the reference holds -> doc_id, cluster_id, similarity."""
    hashed = others.where("text_hash IS NOT NULL").select("text_hash", F.col("doc_id").alias("cluster_id"))
    mine = documents.where("text_hash IS NOT NULL").select("doc_id", "text_hash")
    pairs = mine.join(hashed, on="text_hash", how="inner")
    return pairs.groupBy("doc_id").agg(F.min("cluster_id").alias("cluster_id"), F.lit(1.0).alias("similarity"))


def _near(
    documents: DataFrame,
    others: DataFrame,
    reference: Reference,
    texts: Texts,
    config: MinHashConfig,
    scratch: Scratch,
) -> DataFrame:
    """Near duplicates of reference documents -> doc_id, cluster_id, similarity; the best of each document."""
    pairs = scratch.keep(_candidates(documents, others))
    if config.verify:
        found = _similar(pairs, reference, texts, config, scratch)
    else:
        found = pairs.withColumn("similarity", F.lit(None).cast("double"))
    best = F.row_number().over(Window.partitionBy("doc_id").orderBy(F.desc("similarity"), "cluster_id"))
    return found.withColumn("place", best).where("place = 1").drop("place")


def _candidates(documents: DataFrame, others: DataFrame) -> DataFrame:
    """Pairs with an equal band -> doc_id, cluster_id, each pair once."""

    def keys(rows: DataFrame, name: str) -> DataFrame:
        return rows.select(F.col("doc_id").alias(name), F.posexplode("bands").alias("bucket", "key"))

    pairs = keys(documents, "doc_id").join(keys(others, "cluster_id"), on=["bucket", "key"], how="inner")
    return pairs.select("doc_id", "cluster_id").distinct()


def _similar(
    pairs: DataFrame, reference: Reference, texts: Texts, config: MinHashConfig, scratch: Scratch
) -> DataFrame:
    """The pairs whose texts are similar enough -> `similarity.SCHEMA`."""
    from pipelines.references.similarity import SCHEMA

    def compare(batches: Batches) -> Batches:
        from pipelines.references.similarity import Comparison

        return map(Comparison(config), batches)

    heads = pairs.select("cluster_id").distinct()
    theirs = reference.texts(heads.withColumnRenamed("cluster_id", "doc_id")).select(
        F.col("doc_id").alias("cluster_id"), "text"
    )
    ours = texts(pairs.select("doc_id").distinct()).select("doc_id", "text")
    members = theirs.join(heads, on="cluster_id", how="left_semi").withColumn("doc_id", F.lit(None).cast("string"))
    order = Window.partitionBy("cluster_id").orderBy(F.asc_nulls_first("doc_id"))
    compared = scratch.keep(
        members.unionByName(ours.join(pairs, on="doc_id", how="inner"))
        .withColumn("place", F.row_number().over(order))
        .select("cluster_id", "place", "doc_id", "text")
        .mapInArrow(in_worker(compare), from_arrow_schema(SCHEMA))
    )
    lost = pairs.join(compared, on=["doc_id", "cluster_id"], how="left_anti").head()
    if lost:
        raise LookupError(
            f"document {lost.doc_id}, or {lost.cluster_id} of {reference.root}, has a signature but no text: "
            "rebuild the table signatures of its lake"
        )
    return compared.where("similarity > 0")


def rows(held: DataFrame, run_id: str) -> DataFrame:
    """`HELD` -> rows of table `duplicates`; all documents of the lake that references hold must be given."""
    size = F.count("*").over(Window.partitionBy("reference", "cluster_id"))
    return held.withColumns(
        {
            "cluster_size": size,
            "kept": F.lit(False),
            "component_id": F.lit(None).cast("string"),
            "run_id": F.lit(run_id),
        }
    ).select(*DUPLICATES.schema.names)


def changed(rows: DataFrame, before: DataFrame) -> DataFrame:
    """Those of `rows` that differ from the table's rows `before`, in more than the run that wrote them."""
    names = ("method", "cluster_id", "cluster_size", "similarity", "reference")
    earlier = before.select("doc_id", *(F.col(name).alias(f"before_{name}") for name in names))
    same = F.lit(True)
    for name in names:
        same &= F.col(name).eqNullSafe(F.col(f"before_{name}"))
    return rows.join(earlier, on="doc_id", how="left").where(~same).select(*DUPLICATES.schema.names)
