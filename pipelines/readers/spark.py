"""Reading in Spark: the driver lists and plans, executors read.

Everything that is read goes through one *staged* frame, whose rows are of three kinds: documents, rejects, and a
summary of each split. Persist or write it once, then take the three apart: each action on it would read all again.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.readers.config import SourceConfig
from pipelines.readers.delta import DeltaFile
from pipelines.readers.listing import list_files
from pipelines.readers.record import InputFile, Split
from pipelines.readers.staging import STAGED, staged_batches
from pipelines.tables import DOCUMENTS, REJECTS


def list_inputs(spark: SparkSession, config: SourceConfig) -> list[InputFile]:
    """The input files of a source, Delta tables included.

    Raises:
        SourceError: the source names nothing.
    """
    return list_files(config, lambda location: delta_files(spark, location))


def read_splits(
    spark: SparkSession,
    tasks: Sequence[Sequence[Split]],
    run_id: str,
    ingested_at: datetime,
    language_model: str | None = None,
) -> DataFrame:
    """The staged rows of all splits; each list is read by one Spark task.

    Columns: `kind` ('document', 'reject', 'summary') and those of `documents`, `rejects` and the summaries.
    """
    plans = spark.sparkContext.broadcast([list(task) for task in tasks])

    def read_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                yield from staged_batches(plans.value[number], run_id, ingested_at, language_model)

    numbers = spark.range(0, len(tasks), 1, max(len(tasks), 1))  # one task, one partition, without a shuffle
    return numbers.mapInArrow(read_batches, from_arrow_schema(STAGED))


def documents(staged: DataFrame) -> DataFrame:
    """The rows of `documents`."""
    return staged.where("kind = 'document'").select(*DOCUMENTS.schema.names)


def rejects(staged: DataFrame) -> DataFrame:
    """The rows of `rejects`."""
    return staged.where("kind = 'reject'").select(*REJECTS.schema.names)


def summaries(staged: DataFrame) -> DataFrame:
    """One row a file: what its splits read, added up.

    `rows_read = documents + rejects` holds for every file, unless a reader has lost or doubled a record.
    """
    whole = ["source", "uri", "path", "format", "size", "fingerprint"]
    counts = ["rows_read", "documents", "rejects", "bytes_read"]
    key = ["source", "uri"]
    rows = staged.where("kind = 'summary'")
    totals = rows.groupBy(whole).agg(*[F.sum(name).alias(name) for name in counts])
    skipped = (
        rows.select(*key, F.explode("skipped").alias("type", "count"))
        .groupBy(*key, "type")
        .agg(F.sum("count").alias("count"))
        .groupBy(*key)
        .agg(F.map_from_entries(F.sort_array(F.collect_list(F.struct("type", "count")))).alias("skipped"))
    )
    none = F.create_map().cast("map<string,bigint>")
    return totals.join(skipped, key, "left").select(*whole, *counts, F.coalesce("skipped", none).alias("skipped"))


def delta_files(spark: SparkSession, location: str) -> list[DeltaFile]:
    """The data files of a Delta table's current version, from its log (delta.io, PROTOCOL.md).

    Raises:
        py4j.protocol.Py4JJavaError: the log cannot be read.
    """
    jvm: Any = spark._jvm
    session: Any = spark._jsparkSession
    snapshot = jvm.org.apache.spark.sql.delta.DeltaLog.forTableWithSnapshot(session, location)._2()
    columns = _column_mapping(json.loads(snapshot.metadata().schemaString()))
    logical = {physical: name for name, physical in columns}
    rows = DataFrame(snapshot.allFiles().toDF(), spark).select(
        "path", "size", "modificationTime", "partitionValues", F.col("deletionVector.cardinality").alias("deleted")
    )
    return [
        DeltaFile(
            location=_absolute(location, row.path),
            path=unquote(row.path),
            size=row.size,
            modified=row.modificationTime,
            partition=tuple(
                sorted((logical.get(k, k), v) for k, v in (row.partitionValues or {}).items() if v is not None)
            ),
            columns=columns,
            deleted_rows=row.deleted or 0,
        )
        for row in rows.collect()
    ]


def _column_mapping(schema: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """(logical, physical) names of the columns whose files call them otherwise."""
    names = [(field["name"], field["metadata"].get("delta.columnMapping.physicalName")) for field in schema["fields"]]
    return tuple((logical, physical) for logical, physical in names if physical)


def _absolute(table: str, path: str) -> str:
    """Paths in the log are URLs, mostly relative to the table."""
    if "://" in path:
        return path
    return unquote(path.removeprefix("file:")) if path.startswith("file:") else f"{table}/{unquote(path)}"
