"""The Spark edge of the rules: documents -> measures."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from pipelines.rules.config import MeasureConfig
from pipelines.tables import MEASURES
from pipelines.workers.mapped import Mapped

# Bytes of text measured at a time: bounds a worker's memory, whatever the size of Spark's batches.
SLICE_BYTES = 16 << 20

_COLUMNS = ("doc_id", "source", "language", "language_score", "text", "meta")


def measures(documents: DataFrame, config: MeasureConfig, run_id: str) -> Mapped:
    """A row of table `measures` for every row of `documents`, in one pass over the text."""

    def measure_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pipelines.rules.measures import measure  # kernels: loaded in the worker only

        for batch in batches:
            for piece in slices(batch, SLICE_BYTES):
                yield measure(piece, config, run_id)

    return Mapped(documents.select(*_COLUMNS), measure_batches, MEASURES.schema)


def slices(batch: pa.RecordBatch, size: int) -> Iterator[pa.RecordBatch]:
    """Cuts a batch into runs of rows with about `size` bytes of text; a row is never cut."""
    lengths = pc.binary_length(batch.column("text")).fill_null(0).to_numpy(zero_copy_only=False)
    piece = (np.cumsum(lengths) - lengths) // size
    starts = [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), batch.num_rows]
    for start, stop in pairwise(starts):
        yield batch.slice(start, stop - start)
