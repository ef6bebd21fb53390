"""The Spark edge of rows for a masked language model: `clean_documents` in, `sequences_<name>` out.

Modules with kernels are imported where they are used: a command that finds nothing to do loads none.
"""

from collections.abc import Iterator, Mapping

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.kernels.slicing import SLICE_BYTES, slices
from pipelines.sequences.masked.config import MaskedConfig
from pipelines.sequences.masked.sentences import ENCODED, Encode
from pipelines.sequences.shard import Shard
from pipelines.sequences.spark import Sink, by_shard
from pipelines.tables import SequenceFormat, sequences
from pipelines.workers.mapped import Mapped

Batches = Iterator[pa.RecordBatch]

FIGURES = ("documents", "without_sentences", "sentences", "long_sentences", "sentence_tokens")
"""What a run says of the sentences that it packed, and notes in its commit."""


def sentences(documents: DataFrame, encode: Encode, config: MaskedConfig) -> Mapped:
    """Rows of `ENCODED` for clean documents (doc_id, language, split_group_id, text).

    `encode` is pickled, and runs in the tasks.
    """

    def encoding(batches: Batches) -> Batches:
        from pipelines.sequences.masked.sentences import encoded

        for batch in batches:
            for piece in slices(batch, SLICE_BYTES):
                yield encoded(piece, encode, config.longest_sentence)

    return Mapped(documents.select("doc_id", "language", "split_group_id", "text"), encoding, ENCODED)


def figures(encoded: DataFrame) -> Mapping[str, int]:
    """`FIGURES` of encoded sentences."""
    row = encoded.agg(
        F.count("*").alias("documents"),
        F.count_if(F.col("sentences") == 0).alias("without_sentences"),
        *(F.coalesce(F.sum(name).cast("long"), F.lit(0)).alias(name) for name in ("sentences", "long_sentences")),
        F.coalesce(F.sum("n_tokens"), F.lit(0)).alias("sentence_tokens"),
    ).head()
    assert row is not None
    return {name: row[name] for name in FIGURES}


def pack(
    encoded: DataFrame, described: SequenceFormat, config: MaskedConfig, run_id: str, sink: Sink | None = None
) -> DataFrame:
    """Fills rows with sentences, shard by shard, as `pipelines.sequences.spark.pack` does with tokens.

    Args:
        encoded: rows of `ENCODED`, stored: they are read two or three times.
        described: the format of the rows.
        config: how to fill rows.
        run_id: goes into every row.
        sink: consumes the rows of one shard.
    """

    def count(shard: pa.Table) -> int:
        from pipelines.sequences.masked.rows import plan

        return len(plan(shard, config).segments)

    def make(shard: pa.Table, which: Shard) -> Batches:
        from pipelines.sequences.masked.rows import rows

        return rows(shard, which, config, described, run_id)

    with_tokens = encoded.where("n_tokens > 0").select(*_LENGTHS, "n_tokens", "ids")
    schema = sequences(config.name, objective="masked").schema
    return by_shard(with_tokens, F.col("n_tokens"), config, _LENGTHS, count, make, schema, sink)


_LENGTHS = ("doc_id", "language", "split_group_id", "lengths")

OWN_TOKENS = "get(doc_lengths, 0) - 2 + if(is_next, get(doc_lengths, 1) - 1, 0)"
"""The tokens of a row that stand there as part of their own document: A, and B where it is the next one (SQL)."""


def violations(documents: DataFrame, packed: DataFrame, described: SequenceFormat) -> list[str]:
    """The violated invariants of rows for a masked language model, as messages; empty when there are none.

    * Each document's sentences are in one A or one true B: its pieces begin at token 0, and each begins where another
      ends. As in `pipelines.sequences.spark.violations`, the hashes of inner ends cancel in a sum.
    * The start is the first id of a row, a separator the last one of each segment, and neither is anywhere else.
    * A true B is what follows A. Any other is of another document, and of another group of near duplicates.

    Args:
        documents: doc_id, split_group_id.
        packed: rows of a table of this objective, each of as many bytes as it should have.
        described: the format of the rows.
    """
    parted = packed.where(
        "is_next AND (get(doc_ids, 1) != get(doc_ids, 0) "
        "OR get(doc_offsets, 1) != get(doc_offsets, 0) + get(doc_lengths, 0) - 2)"
    )
    negatives = packed.where("NOT is_next").select(
        "sequence_id", F.expr("get(doc_ids, 0)").alias("doc_id"), F.expr("get(doc_ids, 1)").alias("other")
    )
    groups = documents.select("doc_id", "split_group_id")
    of_others = groups.select(F.col("doc_id").alias("other"), F.col("split_group_id").alias("other_group"))
    related = negatives.join(groups, on="doc_id", how="inner").join(of_others, on="other", how="inner")
    counted = {
        "rows that are not start, A, separator, B, separator": _unmarked(packed, described),
        "rows whose second segment is not the next one, as they say": parted,
        "rows whose random second segment is of the same document, or a near duplicate of it": related.where(
            "split_group_id = other_group"
        ),
        "documents with a part that is in no row as its own, or in two": _torn(packed),
        "documents that are not clean documents": _owners(packed).join(groups, on="doc_id", how="left_anti"),
    }
    return [f"{rows} {what}" for what, found in counted.items() if (rows := found.count())]


def _unmarked(packed: DataFrame, described: SequenceFormat) -> DataFrame:
    def find(batches: Batches) -> Batches:
        from pipelines.sequences.masked.rows import unmarked

        for batch in batches:
            yield batch.filter(pa.array(unmarked(batch, described))).select(["sequence_id"])

    columns = packed.select("sequence_id", "ids", "doc_lengths")
    return Mapped(columns, find, pa.schema([("sequence_id", pa.string())])).frame()


def _own(packed: DataFrame) -> DataFrame:
    """doc_id, start, stop of each segment that stands as part of its own document."""

    def piece(number: int, marks: int) -> list[Column]:
        start = F.expr(f"get(doc_offsets, {number})")
        stop = start + F.expr(f"get(doc_lengths, {number})") - marks
        return [F.expr(f"get(doc_ids, {number})").alias("doc_id"), start.alias("start"), stop.alias("stop")]

    return packed.select(*piece(0, 2)).unionByName(packed.where("is_next").select(*piece(1, 1)))


def _owners(packed: DataFrame) -> DataFrame:
    return packed.select(F.explode("doc_ids").alias("doc_id")).distinct()


def _torn(packed: DataFrame) -> DataFrame:
    """The documents whose own pieces do not follow one another from token 0 on."""

    def end(column: str) -> Column:
        return F.xxhash64("doc_id", column).cast("decimal(20,0)")

    by_document = (
        _own(packed)
        .groupBy("doc_id")
        .agg(
            F.min("start").alias("first"),
            F.max("stop").alias("last"),
            F.sum(F.col("stop") - F.col("start")).alias("tokens"),
            F.sum(end("stop") - end("start")).alias("chain"),
        )
    )
    return by_document.where(
        (F.col("first") != 0) | (F.col("tokens") != F.col("last")) | (F.col("chain") != end("last") - end("first"))
    )
