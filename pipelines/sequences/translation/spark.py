"""The Spark edge of rows for training translation: `pair_tokens` in, `sequences_<name>` out."""

from collections.abc import Iterator, Mapping

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.sequences.shard import Shard
from pipelines.sequences.spark import Sink, by_shard
from pipelines.sequences.translation.config import TranslationConfig
from pipelines.sequences.translation.rows import rows
from pipelines.tables import SequenceFormat, sequences

Batches = Iterator[pa.RecordBatch]

REVERSED = "get(doc_offsets, 0) > 0"
"""Whether a row's source is the target of its pair, as a Spark SQL expression."""


def fits_sql(side_length: int) -> str:
    """Whether both sides of a row of `pair_tokens` fit, each with its separator, as a Spark SQL expression."""
    return f"(n_source < {side_length} AND n_target < {side_length})"


def pack(
    pairs: DataFrame, described: SequenceFormat, config: TranslationConfig, run_id: str, sink: Sink | None = None
) -> DataFrame:
    """Makes a row, or one in each direction, of every pair whose sides fit; as `pipelines.sequences.spark.pack`.

    Args:
        pairs: rows of `pair_tokens`.
        described: the format of the rows.
        config: lengths, directions, split and order.
        run_id: goes into every row.
        sink: consumes the rows of one shard.

    Raises:
        PackError: (when the result is computed) tokens of another tokenizer.
    """

    def count(shard: pa.Table) -> int:
        return len(shard) * len(config.swaps)

    def make(shard: pa.Table, which: Shard) -> Batches:
        return rows(shard, which, config, described, run_id)

    fitting = pairs.where(fits_sql(config.length)).withColumnRenamed("pair_id", "doc_id").drop("run_id")
    size = (F.col("n_source") + F.col("n_target") + 2) * len(config.swaps)
    return by_shard(fitting, size, config, ("doc_id",), count, make, sequences(config.name, described).schema, sink)


def figures(pairs: DataFrame, side_length: int) -> Mapping[str, int]:
    """`pairs`, and those in no row: `long_source`, `long_target`, `over_length` (either); the longest sides in tokens.

    Args:
        pairs: rows of `pair_tokens`.
        side_length: tokens of a side, its separator included.
    """
    long_source, long_target = F.col("n_source") >= side_length, F.col("n_target") >= side_length
    row = pairs.agg(
        F.count("*").alias("pairs"),
        F.count_if(long_source | long_target).alias("over_length"),
        F.count_if(long_source).alias("long_source"),
        F.count_if(long_target).alias("long_target"),
        F.coalesce(F.max("n_source"), F.lit(0)).alias("longest_source"),
        F.coalesce(F.max("n_target"), F.lit(0)).alias("longest_target"),
    ).head()
    assert row is not None
    return {name: int(row[name]) for name in row.asDict()}


def violations(pairs: DataFrame, packed: DataFrame, side_length: int) -> list[str]:
    """The violated invariants of rows for translation, as messages; empty when there are none.

    * Each pair whose sides fit is in one row of each direction that the table has; no other pair is in a row.
    * A row's two pieces are of one pair, and each is a whole side: nothing was cut.

    Args:
        pairs: rows of `pair_tokens`.
        packed: rows of a table of this objective.
        side_length: tokens of a side, its separator included.
    """
    held = packed.select(
        F.expr("get(doc_ids, 0)").alias("pair_id"),
        F.expr("get(doc_ids, 1)").alias("other"),
        *(F.expr(f"get({name}, {place})").alias(f"{name}_{place}") for name in _PLACED for place in (0, 1)),
        F.expr(REVERSED).alias("reversed"),
    )
    counted = {
        "rows whose sides are of two pairs": held.where("pair_id != other OR other IS NULL").count(),
        "rows whose sides are not whole sides of their pair": held.join(pairs, on="pair_id").where(~_whole()).count(),
        "pairs in no row, or in more than one of a direction": _uneven(pairs.where(fits_sql(side_length)), held),
        "rows of pairs that are not encoded, or too long": held.join(
            pairs.where(fits_sql(side_length)).select("pair_id"), on="pair_id", how="left_anti"
        ).count(),
    }
    return [f"{rows} {what}" for what, rows in counted.items() if rows]


_PLACED = ("doc_lengths", "doc_offsets")


def _whole() -> Column:
    target_at = F.col("n_source") + 1

    def side(place: int, at: Column, tokens: str) -> Column:
        return (F.col(f"doc_offsets_{place}") == at) & (F.col(f"doc_lengths_{place}") == F.col(tokens) + 1)

    as_read = side(0, F.lit(0), "n_source") & side(1, target_at, "n_target")
    swapped = side(0, target_at, "n_target") & side(1, F.lit(0), "n_source")
    return F.when(F.col("reversed"), swapped).otherwise(as_read)


def _uneven(pairs: DataFrame, held: DataFrame) -> int:
    """How many pairs are not in exactly one row of each direction that occurs."""
    directions = [row["reversed"] for row in held.select("reversed").distinct().collect()]
    if not directions:
        return pairs.count()
    of_pair = held.groupBy("pair_id").agg(F.count("*").alias("rows"), F.count_distinct("reversed").alias("directions"))
    found = pairs.select("pair_id").join(of_pair, on="pair_id", how="left")
    even = (F.col("rows") == len(directions)) & (F.col("directions") == len(directions))
    return found.where(~F.coalesce(even, F.lit(False))).count()


def leaks(packed: DataFrame, hashes: DataFrame) -> tuple[int, str | None]:
    """How many source sentences are in both splits, and the id of a pair with one of them.

    Args:
        packed: rows of a table of this objective.
        hashes: pair_id, source_hash, target_hash of the normalised sentences, as in `pair_measures`.
    """
    held = packed.select("split", F.expr("get(doc_ids, 0)").alias("pair_id"), F.expr(REVERSED).alias("reversed"))
    sentence = F.when(F.col("reversed"), F.col("target_hash")).otherwise(F.col("source_hash"))
    found = held.join(hashes, on="pair_id").select("split", "pair_id", sentence.alias("sentence"))
    both = found.groupBy("sentence").agg(F.count_distinct("split").alias("splits"), F.min("pair_id").alias("pair_id"))
    row = both.where("splits > 1").agg(F.count("*").alias("count"), F.min("pair_id").alias("example")).head()
    assert row is not None
    return int(row["count"]), row["example"]
