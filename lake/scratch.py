"""Intermediate rows of a step, in files under the lake, where the tasks of every engine can read them."""

from typing import TYPE_CHECKING

import pyarrow as pa

from lake.lake import Lake
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

    def _kept(self, rows: "DataFrame | pa.Table", schema: pa.Schema) -> "DataFrame":
        table = Table(f"{self._folder}/{self._count}", key=(), schema=schema, compression="lz4_raw")
        self._count += 1
        return self._lake.read_files(table.name, self._lake.write(rows, table, "kept"), schema)
