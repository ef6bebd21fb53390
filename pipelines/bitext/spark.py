"""The Spark edge of bitext: files -> pairs -> measures -> decisions, and what pairs share."""

import pickle
from collections.abc import Iterator, Sequence
from datetime import datetime

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.bitext.record import PairSplit
from pipelines.bitext.staging import staged_batches
from pipelines.readers.spark import Sink
from pipelines.workers.edge import in_worker

Batches = Iterator[pa.RecordBatch]


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
