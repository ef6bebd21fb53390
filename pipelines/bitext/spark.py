"""The Spark edge of bitext: files -> pairs -> measures -> decisions, and what pairs share."""

import pickle
from collections.abc import Iterator, Sequence
from datetime import datetime

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.bitext.config import PairDedupConfig
from pipelines.bitext.policies.policy import PairPolicy
from pipelines.bitext.record import PairSplit
from pipelines.bitext.staging import staged_batches
from pipelines.keyed_hash import keyed_hash_sql
from pipelines.readers.spark import Sink
from pipelines.tables import PAIR_DECISIONS, PAIR_MEASURES
from pipelines.workers.edge import in_worker
from pipelines.workers.mapped import Mapped

Batches = Iterator[pa.RecordBatch]

TAKEN = ("pair_id", "source", "source_text", "target_text", "source_language", "target_language", "priority")
"""What is measured: columns of `pairs`, and the priority of the source."""


def read_pairs(
    spark: SparkSession, tasks: Sequence[Sequence[PairSplit]], run_id: str, ingested_at: datetime, sink: Sink
) -> DataFrame:
    """Reads all splits; each list is read by one task, whose staged rows a sink consumes. Returns the sink's rows."""
    plans = [pickle.dumps(list(task)) for task in tasks]  # a task unpickles only its own

    def read_batches(batches: Batches) -> Batches:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                yield from sink(staged_batches(pickle.loads(plans[number]), run_id, ingested_at))

    numbers = spark.range(0, len(tasks), 1, max(len(tasks), 1))  # one task, one partition, without a shuffle
    return numbers.mapInArrow(in_worker(read_batches), from_arrow_schema(sink.schema))


def measured(pairs: DataFrame, priority: Column, identify_languages: bool, batch: int, run_id: str) -> Mapped:
    """A row of `pair_measures` for every row of `pairs`."""

    def measure_batches(batches: Batches) -> Batches:
        from pipelines.bitext.rules.measures import measure  # kernels: loaded in the worker only

        for rows in batches:
            yield measure(rows, identify_languages, batch, run_id)

    taken = pairs.withColumn("priority", priority.cast("int")).select(*TAKEN)
    return Mapped(taken, measure_batches, PAIR_MEASURES.schema)


def decided(measures: DataFrame, policy: PairPolicy, run_id: str) -> Mapped:
    """A row of `pair_decisions` for every row of `pair_measures`."""

    def decide_batches(batches: Batches) -> Batches:
        from pipelines.bitext.policies.decide import decide

        for rows in batches:
            yield decide(rows, policy, run_id)

    needed = ["pair_id", "source_language", "target_language", "opus", "hardrules", "language"]
    return Mapped(measures.select(*needed), decide_batches, PAIR_DECISIONS.schema)


def duplicates(measures: DataFrame, config: PairDedupConfig) -> DataFrame:
    """The clusters of duplicates among measured pairs: `pair_id, by, cluster_id, cluster_size, kept`.

    Of a cluster survives the pair of the earliest batch, then of the highest priority, then the first in a keyed
    order. So later pairs take no survivor away.
    """
    both = ("source_hash", "target_hash")
    sides = {"both": both, "none": both, "source": ("source_hash",), "target": ("target_hash",)}
    if config.by == "none":
        measures = measures.limit(0)
    keyed = measures.withColumn("place", F.expr(keyed_hash_sql("pair_id", config.seed, "pair_survivor")))
    cluster = Window.partitionBy("source_language", "target_language", *sides[config.by])
    first = cluster.orderBy("batch", F.desc("priority"), "place", "pair_id")
    ranked = keyed.select(
        "pair_id",
        F.lit(config.by).alias("by"),
        F.first("pair_id").over(first).alias("cluster_id"),
        F.count("pair_id").over(cluster).alias("cluster_size"),
    )
    return ranked.where("cluster_size > 1").withColumn("kept", F.col("pair_id") == F.col("cluster_id"))


def source_groups(measures: DataFrame) -> DataFrame:
    """`pair_id, split_group_id`: pairs with equal normalised source sentences are in one group, whatever their
    languages."""
    return measures.select("pair_id", F.lower(F.hex("source_hash")).alias("split_group_id"))


def sentence_edges(measures: DataFrame) -> DataFrame:
    """`source, target`: the distinct pairs of sentences, as hexadecimal hashes, for `groups.connected`."""
    names = {"source_hash": "source", "target_hash": "target"}
    return measures.select(*(F.lower(F.hex(column)).alias(name) for column, name in names.items())).distinct()


def joined_groups(measures: DataFrame, groups: DataFrame) -> DataFrame:
    """`pair_id, split_group_id`, from the group of each sentence (`vertex, component`)."""
    keyed = source_groups(measures).withColumnRenamed("split_group_id", "vertex")
    return keyed.join(groups, on="vertex").select("pair_id", F.col("component").alias("split_group_id"))
