"""Intermediate rows of a step, in files under the lake, where the tasks of every engine can read them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa

from lake.lake import Lake
from lake.parquet_writer import TableWriter
from pipelines.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

STAGING = "_staging"


class Scratch:
    """Stores intermediate rows until the block ends.

    Args:
        lake: where the files go.
        name: of the work; files of an earlier attempt under this name are deleted first.
    """

    def __init__(self, lake: Lake, name: str) -> None:
        self._lake, self._folder, self._count = lake, f"{STAGING}/{name}", 0

    def __enter__(self) -> "Scratch":
        self._lake.storage.delete(self._folder)
        return self

    def __exit__(self, *exception: object) -> None:
        self._lake.storage.delete(self._folder)

    def keep(self, rows: "DataFrame") -> "DataFrame":
        """Computes rows once, and returns a DataFrame that reads the stored result."""
        from pyspark.sql.pandas.types import to_arrow_schema

        return self._kept(rows, to_arrow_schema(rows.schema, timezone="UTC"))

    def frame(self, rows: pa.Table) -> "DataFrame":
        """An Arrow table of this process as a DataFrame."""
        return self._kept(rows, rows.schema)

    def stream(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> "DataFrame":
        """Batches of this process, however many, as a DataFrame."""
        table = self._next(schema)
        writer = TableWriter(self._lake.root, table, "kept")
        try:
            for batch in batches:
                writer.write(batch)
            files = writer.close()
        except BaseException:
            writer.abort()
            raise
        return self._lake.read_files(table.name, files, schema)

    def _kept(self, rows: "DataFrame | pa.Table", schema: pa.Schema) -> "DataFrame":
        table = self._next(schema)
        return self._lake.read_files(table.name, self._lake.write(rows, table, "kept"), schema)

    def _next(self, schema: pa.Schema) -> Table:
        self._count += 1
        return Table(f"{self._folder}/{self._count - 1}", key=(), schema=schema, compression="lz4_raw")
