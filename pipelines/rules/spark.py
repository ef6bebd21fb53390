"""The Spark edge of the rules: documents -> measures."""

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame

from pipelines.kernels.slicing import SLICE_BYTES, slices
from pipelines.rules.config import MeasureConfig
from pipelines.tables import MEASURES
from pipelines.workers.mapped import Mapped

_COLUMNS = ("doc_id", "source", "language", "language_score", "text", "meta")


def measures(documents: DataFrame, config: MeasureConfig, run_id: str) -> Mapped:
    """A row of table `measures` for every row of `documents`, in one pass over the text."""

    def measure_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pipelines.rules.measures import measure  # kernels: loaded in the worker only

        for batch in batches:
            for piece in slices(batch, SLICE_BYTES):
                yield measure(piece, config, run_id)

    return Mapped(documents.select(*_COLUMNS), measure_batches, MEASURES.schema)
