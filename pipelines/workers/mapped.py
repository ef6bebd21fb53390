"""Rows and a function over their batches that is not applied yet: a writer can follow it in the same process."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.workers.edge import in_worker
from pipelines.workers.pickled import Batches, BatchFunction

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Mapped:
    """What `rows.mapInArrow(function)` would be: `schema` is that of the function's batches."""

    rows: "DataFrame"
    function: BatchFunction
    schema: pa.Schema

    def frame(self) -> "DataFrame":
        """The function applied, in a worker process where there are some."""
        from pyspark.sql.pandas.types import from_arrow_schema

        return self.rows.mapInArrow(in_worker(self.function), from_arrow_schema(self.schema))

    def then(self, following: BatchFunction, schema: pa.Schema) -> "Mapped":
        """The same with another function behind it: between the two, rows do not leave the process."""
        first = self.function

        def both(batches: Batches) -> Batches:
            return following(first(batches))

        return Mapped(self.rows, both, schema)
