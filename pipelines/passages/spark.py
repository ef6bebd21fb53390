"""The Spark edge of passages: those of each document, which of them repeat, and what a policy takes out.

A document is compared with those that arrived with it or before it: in the order of table `duplicates`, which begins
with the batch. So documents that arrive later change no row.

Modules with kernels are imported where they are used: a command that finds nothing to do loads none.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from pipelines.dedup.spark import total_order
from pipelines.kernels.slicing import SLICE_BYTES, slices
from pipelines.passages.config import PassagesConfig
from pipelines.policies.passages import PassageThresholds
from pipelines.tables import PASSAGE_DECISIONS, PASSAGES
from pipelines.workers.mapped import Mapped

Batches = Iterator[pa.RecordBatch]

FOUND = pa.schema([PASSAGES.schema.field(name) for name in ("doc_id", "site", "sentences", "held")])
"""What one document alone tells."""


class Scratch(Protocol):
    """Storage of intermediate rows, so that later queries do not compute them again."""

    def keep(self, rows: DataFrame) -> DataFrame:
        """Computes rows once, and returns a DataFrame that reads the stored result."""


def passages(candidates: DataFrame, config: PassagesConfig) -> Mapped:
    """Rows of `FOUND` for candidates (doc_id, source, language, url, text)."""

    def find(batches: Batches) -> Batches:
        from pipelines.passages.measuring import found

        for batch in batches:
            for piece in slices(batch, SLICE_BYTES):
                yield found(piece, config)

    return Mapped(candidates.select("doc_id", "source", "language", "url", "text"), find, FOUND)


def repeats(
    documents: DataFrame, others: DataFrame | None, signatures: DataFrame, scratch: Scratch, run_id: str
) -> Mapped:
    """Rows of table `passages` for some documents.

    Of the passages, 24 bytes each are shuffled to count them; only those that are there more than once go on.

    Args:
        documents: rows of `FOUND`, and `before`: the document's row of table `passages` as it was (`site_pages`,
            `repeats`), null if it had none. A row that would be the same again is left out.
        others: rows of `FOUND` of all other documents, with which these are compared; None: there are none.
        signatures: table `signatures`, which has all documents, with their order.
        scratch: for intermediate rows; needed until the result has been computed.
        run_id: goes into every row.
    """
    order = signatures.select("doc_id", "batch", total_order().alias("order"))
    everything = documents.select("doc_id", "site", "held")
    if others is not None:
        everything = everything.unionByName(others.select("doc_id", "site", "held"))
    placed = everything.join(order, on="doc_id", how="inner")
    repeated = scratch.keep(_more_than_once(placed, None if others is None else documents))
    by_document = _ranked(repeated).groupBy("doc_id").agg(F.collect_list("repeat").alias("repeats"))
    rows = (
        documents.join(order.select("doc_id", "batch"), on="doc_id", how="inner")
        .join(_pages(placed), on=["site", "batch"], how="inner")
        .join(by_document, on="doc_id", how="left")
        .select("doc_id", "site", "site_pages", "sentences", "held", "repeats", "before")
    )
    return Mapped(rows, _completing(run_id), PASSAGES.schema)


def decide(
    rows: DataFrame, others: DataFrame | None, thresholds: PassageThresholds, policy: str, run_id: str
) -> Mapped:
    """Table `passage_decisions` of rows of table `passages`, under the thresholds of the policy of that name.

    `others`: `doc_id, spans` of what goes for other reasons, so that what is left is counted without it.
    """

    def deciding(batches: Batches) -> Batches:
        from pipelines.passages.deciding import decided

        return decided(batches, thresholds, policy, run_id)

    measured = rows.select("doc_id", "site_pages", "sentences", "repeats")
    if others is not None:
        measured = measured.join(others.select("doc_id", "spans"), on="doc_id", how="left")
    return Mapped(measured, deciding, PASSAGE_DECISIONS.schema)


def _more_than_once(placed: DataFrame, documents: DataFrame | None) -> DataFrame:
    """The passages that are there more than once; if `documents` are given, only those that one of them holds."""
    each = _each(placed)
    if documents is not None:
        asked = documents.select(F.explode("held").alias("it")).select(F.col("it").getField("hash").alias("hash"))
        each = each.join(asked.distinct(), on="hash", how="left_semi")
    several = each.groupBy("hash").agg(F.count("*").alias("places")).where("places > 1").select("hash")
    return each.join(several, on="hash", how="left_semi")


def _each(placed: DataFrame) -> DataFrame:
    """A row for each passage of each document."""
    exploded = placed.select("doc_id", "batch", "order", F.explode("held").alias("it"))
    fields = [F.col("it").getField(name).alias(name) for name in ("hash", "kind", "start", "end")]
    return exploded.select("doc_id", "batch", "order", *fields)


def _ranked(repeated: DataFrame) -> DataFrame:
    """-> doc_id, repeat: the elements of column `repeats`, without those that only a later place repeats."""
    in_order = Window.partitionBy("hash").orderBy("order", "start")
    by_document = Window.partitionBy("hash").orderBy("order")
    by_batch = Window.partitionBy("hash").orderBy("batch")
    numbered = repeated.select(
        "*",
        F.row_number().over(in_order).alias("place"),
        F.first("doc_id").over(in_order).alias("first"),
        F.dense_rank().over(by_document).alias("rank"),
    )
    # Of rows with the same batch, all are counted: the window's default frame ends behind the last of them.
    counted = numbered.withColumn("documents", F.max("rank").over(by_batch).cast("long"))
    wanted = counted.where("documents > 1 OR place > 1").withColumn("earlier", F.col("place") > 1)
    return wanted.select("doc_id", F.struct("kind", "start", "end", "documents", "first", "earlier").alias("repeat"))


def _pages(placed: DataFrame) -> DataFrame:
    """-> site, batch, site_pages: the site's documents of the batch and earlier ones."""
    arrived = placed.groupBy("site", "batch").agg(F.count("*").alias("pages"))
    so_far = Window.partitionBy("site").orderBy("batch")
    return arrived.select("site", "batch", F.sum("pages").over(so_far).cast("long").alias("site_pages"))


def _completing(run_id: str) -> Callable[[Batches], Batches]:
    def completing(batches: Batches) -> Batches:
        from pipelines.passages.measuring import completed

        return completed(batches, run_id)

    return completing
