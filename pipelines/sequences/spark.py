"""The Spark edge of packing: `tokens` in, `sequences_<name>` out."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.sequences import order, shard
from pipelines.sequences.config import PackConfig
from pipelines.sequences.shard import Shard, TokenFormat
from pipelines.tables import sequences
from pipelines.workers.edge import in_worker_by_group

Batches = Iterator[pa.RecordBatch]


class Sharded(Protocol):
    """How documents are divided into splits and shards."""

    @property
    def heldout(self) -> float:
        """Share of the groups of near duplicates that is held out."""

    @property
    def seed(self) -> int:
        """Of the split and the shards."""

    @property
    def shard_tokens(self) -> int:
        """Tokens of a shard, about."""


class Sink(Protocol):
    """Consumes the rows of a shard and returns rows of its own schema."""

    @property
    def schema(self) -> pa.Schema:
        """The schema of the returned rows."""

    def __call__(self, rows: Batches) -> Batches:
        """Called once for each shard."""


def pack(
    tokens: DataFrame, token_format: TokenFormat, config: PackConfig, run_id: str, sink: Sink | None = None
) -> DataFrame:
    """Packs documents into rows, shard by shard, each of about `shard_tokens` tokens.

    The rows of a shard are ordered by `position`. If a split has several shards, a first pass packs the lengths alone
    to count the rows of each shard, so that positions are 0..n-1 within each split.

    Args:
        tokens: the table `tokens`, or the new part of it. Pieces of documents have two columns more: `start`, where
            the piece begins in its document's tokens, and `closed`, whether a separator follows it.
        token_format: separator, padding and id width of the tokenizer that wrote `tokens`.
        config: how to pack.
        run_id: goes into every row.
        sink: consumes the rows of one shard; its rows are the result, with its schema. For example, a writer that
            writes each shard to a file and reports the file. Without it, the result is the packed rows.

    Raises:
        PackError: (when the result is computed) tokens of another tokenizer.
    """
    if "start" not in tokens.columns:
        tokens = tokens.withColumns({"start": F.lit(0).cast("long"), "closed": F.lit(True)})
    schema = sequences(config.name).schema

    def count(shard_tokens: pa.Table) -> int:
        return shard.plan(shard_tokens, config)[1].sequences

    def make(shard_tokens: pa.Table, which: Shard) -> Batches:
        return shard.rows(shard_tokens, which, config, token_format, run_id)

    lengths = ("doc_id", "n_tokens", "start", "closed")
    size = F.col("n_tokens") + F.col("closed").cast("long")
    documents = tokens.select(*lengths, "tokenizer", "ids", "split_group_id")
    return by_shard(documents, size, config, lengths, count, make, schema, sink)


def by_shard(
    documents: DataFrame,
    size: Column,
    config: Sharded,
    lengths: Sequence[str],
    count: Callable[[pa.Table], int],
    make: Callable[[pa.Table, Shard], Batches],
    schema: pa.Schema,
    sink: Sink | None = None,
) -> DataFrame:
    """The rows that a function makes of each shard of some documents, or what a sink makes of these.

    Args:
        documents: doc_id, split_group_id, and what `make` needs.
        size: tokens of a document.
        config: how documents are divided.
        lengths: the columns that `count` needs.
        count: a shard's documents -> how many rows `make` makes of them.
        make: a shard's documents, and which shard it is -> its rows in the order of `position`.
        schema: of these rows.
        sink: consumes the rows of one shard.
    """
    shards = _shards(documents, size, config)
    if not shards:
        return documents.sparkSession.createDataFrame([], from_arrow_schema(sink.schema if sink else schema))
    sharded = documents.withColumn("shard", _shard_of_document(shards, config))
    if len(shards) > len({each.split for each in shards}):
        shards = _counted(sharded.select(*lengths, "shard"), shards, count)
    making = _making(shards, make, schema, sink)
    grouped = sharded.drop("split_group_id") if "split_group_id" not in lengths else sharded
    return grouped.groupBy("shard").applyInArrow(
        in_worker_by_group(making), from_arrow_schema(sink.schema if sink else schema)
    )


def split_of_document(config: Sharded) -> Column:
    """`heldout` or `train`, from the column `split_group_id`."""
    return F.expr(order.split_sql(config.heldout, config.seed))


def _shards(documents: DataFrame, size: Column, config: Sharded) -> list[Shard]:
    """All shards, grouped by split."""
    totals = documents.groupBy(split_of_document(config).alias("split")).agg(F.sum(size).alias("total")).collect()
    return [
        Shard(row["split"])
        for row in sorted(totals, key=lambda row: row["split"])
        for _ in range(order.shards(row["total"], config.shard_tokens))
    ]


def _shard_of_document(shards: list[Shard], config: Sharded) -> Column:
    """The number of a document's shard, an index of `shards`; null where its split has none, for it has no tokens."""
    counts = Counter(each.split for each in shards)
    first = dict(zip(counts, itertools.accumulate(counts.values(), initial=0), strict=False))
    split = split_of_document(config)
    number = F.lit(None).cast("int")
    for name, count in counts.items():
        within = F.expr(order.shard_sql(count, config.seed))
        number = F.when(split == name, within + first[name]).otherwise(number)
    return number


def _counted(sharded: DataFrame, shards: list[Shard], count: Callable[[pa.Table], int]) -> list[Shard]:
    """The same shards with `first` filled in, by planning rows without ids."""

    def counting(table: pa.Table) -> pa.Table:
        return pa.table({"shard": [table["shard"][0].as_py()], "rows": [count(table)]})

    found = sharded.groupBy("shard").applyInArrow(in_worker_by_group(counting), "shard long, rows long").collect()
    counted = {row["shard"]: row["rows"] for row in found}
    rows = np.array([counted.get(number, 0) for number in range(len(shards))])
    splits = np.array([each.split for each in shards])
    return [
        Shard(each.split, int(rows[:number][splits[:number] == each.split].sum()))
        for number, each in enumerate(shards)
    ]


def _making(
    shards: list[Shard], make: Callable[[pa.Table, Shard], Batches], schema: pa.Schema, sink: Sink | None
) -> Callable[[pa.Table], pa.Table]:
    def made(table: pa.Table) -> pa.Table:
        rows = make(table, shards[table["shard"][0].as_py()])
        if sink is None:
            return pa.Table.from_batches(rows, schema)
        return pa.Table.from_batches(sink(rows), sink.schema)

    return made


def fill(packed: DataFrame, config: PackConfig) -> DataFrame:
    """Statistics of how full the rows are: one row per split.

    Columns: split, rows, n_tokens, pieces, documents, cut_documents (in more than one piece), fill (n_tokens over
    rows * length), pieces_per_row.
    """
    starts_inside = F.filter(F.arrays_zip("doc_ids", "doc_offsets"), lambda piece: piece["doc_offsets"] > 0)
    continued = packed.select("split", F.explode(starts_inside).alias("piece")).select(
        "split", F.col("piece.doc_ids").alias("doc_id")
    )
    cut = continued.groupBy("split").agg(F.count_distinct("doc_id").alias("cut_documents"))
    used = packed.groupBy("split").agg(
        F.count("*").alias("rows"),
        F.sum("n_tokens").alias("n_tokens"),
        F.sum(F.size("doc_ids")).alias("pieces"),
        F.sum(F.size("doc_ids") - F.size(starts_inside)).alias("documents"),
    )
    return used.join(cut, on="split", how="left").select(
        "split",
        "rows",
        "n_tokens",
        "pieces",
        "documents",
        F.coalesce("cut_documents", F.lit(0)).alias("cut_documents"),
        (F.col("n_tokens") / (F.col("rows") * config.length)).alias("fill"),
        (F.col("pieces") / F.col("rows")).alias("pieces_per_row"),
    )


def violations(tokens: DataFrame, packed: DataFrame) -> list[str]:
    """The violated invariants of packing, as messages; empty when every token is in exactly one row.

    * Rows hold the tokens of all documents and one separator for each.
    * The pieces of a document cover it once. Consecutive pieces share an offset: the stop of one is the start of the
      next. In the difference of the sums of hash(document, stop) and hash(document, start) these cancel, and only the
      two ends of each document remain: a check in linear time, without a shuffle.
    * `doc_lengths` sums to `n_tokens` in every row.
    """
    ends = tokens.select("doc_id", F.lit(0).cast("long").alias("start"), (F.col("n_tokens") + 1).alias("stop"))
    piece = F.explode(F.arrays_zip("doc_ids", "doc_offsets", "doc_lengths")).alias("piece")
    pieces = packed.select(piece).select(
        F.col("piece.doc_ids").alias("doc_id"),
        F.col("piece.doc_offsets").alias("start"),
        (F.col("piece.doc_offsets") + F.col("piece.doc_lengths")).alias("stop"),
    )
    documents, held = _coverage(ends), _coverage(pieces)
    in_rows = packed.agg(F.coalesce(F.sum("n_tokens"), F.lit(0))).head()[0]
    found = []
    if in_rows != documents["tokens"]:
        found.append(f"rows hold {in_rows} tokens, documents and separators are {documents['tokens']}")
    if held["tokens"] != in_rows:
        found.append(f"doc_lengths sum to {held['tokens']}, n_tokens to {in_rows}")
    if held["chain"] != documents["chain"]:
        found.append("a part of some document is in no row, or in two")
    return found


def _coverage(ranges: DataFrame) -> Row:
    """Tokens in ranges [start, stop) of documents, and the telescoping sum of their ends' hashes."""

    def end(column: str) -> Column:
        return F.xxhash64("doc_id", column).cast("decimal(20,0)")

    return ranges.agg(
        F.coalesce(F.sum(F.col("stop") - F.col("start")), F.lit(0)).alias("tokens"),
        F.coalesce(F.sum(end("stop") - end("start")), F.lit(0)).alias("chain"),
    ).head()
