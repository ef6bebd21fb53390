"""The Spark edge of the readers: the driver lists files and plans splits, tasks read them.

A task reads *staged* rows of three kinds: documents, rejects, and one summary per split. A sink separates them inside
the task, so that the input is read once.
"""

import json
import pickle
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from urllib.parse import unquote

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.readers.config import SourceConfig
from pipelines.readers.delta import DeltaFile
from pipelines.readers.listing import Remembered, list_files
from pipelines.readers.record import InputFile, Split
from pipelines.readers.retracted import Retracted
from pipelines.readers.staging import STAGED, staged_batches
from pipelines.storage.environment import prepare
from pipelines.storage.uri import canonical, is_uri
from pipelines.tables import DOCUMENTS, REJECTS
from pipelines.workers.edge import in_worker

Batches = Iterator[pa.RecordBatch]


class Sink(Protocol):
    """Consumes the staged rows of a task and returns rows of its own schema."""

    @property
    def schema(self) -> pa.Schema:
        """The schema of the returned rows."""

    def __call__(self, rows: Batches) -> Batches:
        """Called once for each task."""


def list_inputs(
    config: SourceConfig, remembered: Remembered | None = None, never: str | None = None, day: date | None = None
) -> list[InputFile]:
    """The input files of a source, Delta tables included; as `list_files`.

    Raises:
        SourceError: no file matches the source.
    """
    return list_files(config, delta_files, remembered, never, day)


def read_splits(
    spark: SparkSession,
    tasks: Sequence[Sequence[Split]],
    run_id: str,
    ingested_at: datetime,
    language_model: str | None = None,
    sink: Sink | None = None,
    retracted: Retracted | None = None,
) -> DataFrame:
    """Reads all splits; each list is read by one task. What is `retracted` becomes a reject.

    Returns the staged rows: `kind` ('document', 'reject', 'summary') and the columns of `documents`, `rejects` and the
    summaries. With `sink`, which consumes the staged rows of a task, returns the sink's rows instead.
    """
    plans = [pickle.dumps(list(task)) for task in tasks]  # a task unpickles only its own

    def read_batches(batches: Batches) -> Batches:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                splits = pickle.loads(plans[number])
                staged = staged_batches(splits, run_id, ingested_at, language_model, retracted)
                yield from staged if sink is None else sink(staged)

    numbers = spark.range(0, len(tasks), 1, max(len(tasks), 1))  # one task, one partition, without a shuffle
    schema = STAGED if sink is None else sink.schema
    return numbers.mapInArrow(in_worker(read_batches), from_arrow_schema(schema))


def documents(staged: DataFrame) -> DataFrame:
    """The rows of `documents`."""
    return staged.where("kind = 'document'").select(*DOCUMENTS.schema.names)


def rejects(staged: DataFrame) -> DataFrame:
    """The rows of `rejects`."""
    return staged.where("kind = 'reject'").select(*REJECTS.schema.names)


def delta_files(location: str) -> list[DeltaFile]:
    """The data files of a Delta table's current version, from its log (delta.io, PROTOCOL.md).

    Raises:
        deltalake.exceptions.DeltaError: the log cannot be read.
    """
    from deltalake import DeltaTable

    prepare()
    table = DeltaTable(location)
    deleted = _deleted_rows(table)
    columns = _column_mapping(json.loads(table.schema().to_json()))
    logical = {physical: name for name, physical in columns}
    return [
        DeltaFile(
            location=_absolute(location, row["path"]),
            path=unquote(row["path"]),
            size=row["size_bytes"],
            modified=row["modification_time"],
            partition=tuple(
                sorted((logical.get(k, k), v) for k, v in (row.get("partition") or {}).items() if v is not None)
            ),
            columns=columns,
            deleted_rows=deleted.get(unquote(row["path"]), 0),
        )
        for row in pa.table(table.get_add_actions()).to_pylist()
    ]


def _deleted_rows(table: Any) -> dict[str, int]:
    """File, as named in the log -> number of rows that its deletion vector hides."""
    if "deletionVectors" not in (table.protocol().reader_features or ()):
        return {}
    root = unquote(table.table_uri).rstrip("/") + "/"
    return {
        unquote(row["filepath"]).removeprefix(root): row["selection_vector"].count(False)
        for row in pa.table(table.deletion_vectors()).to_pylist()
    }


def _column_mapping(schema: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """(logical, physical) names of the columns that have another name in the files."""
    names = [(field["name"], field["metadata"].get("delta.columnMapping.physicalName")) for field in schema["fields"]]
    return tuple((logical, physical) for logical, physical in names if physical)


def _absolute(table: str, path: str) -> str:
    """Paths in the log are URLs, mostly relative to the table."""
    return canonical(unquote(path)) if is_uri(path) else f"{table}/{unquote(path)}"
