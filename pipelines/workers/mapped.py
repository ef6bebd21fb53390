"""Rows and a function over their batches, not applied yet, so that a writer can be added in the same process."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.workers.edge import in_worker
from pipelines.workers.pickled import Batches, BatchFunction

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Mapped:
    """A pending `rows.mapInArrow(function)`; `schema` is that of the function's batches."""

    rows: "DataFrame"
    function: BatchFunction
    schema: pa.Schema

    def frame(self) -> "DataFrame":
        """The DataFrame with the function applied, in a worker process if there is a pool."""
        from pyspark.sql.pandas.types import from_arrow_schema

        return self.rows.mapInArrow(in_worker(self.function), from_arrow_schema(self.schema))

    def then(self, following: BatchFunction, schema: pa.Schema) -> "Mapped":
        """Adds a function that receives the first one's batches in the same process."""
        first = self.function

        def both(batches: Batches) -> Batches:
            return following(first(batches))

        return Mapped(self.rows, both, schema)
