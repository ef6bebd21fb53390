"""Cuts batches into pieces of bounded size."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SLICE_BYTES = 16 << 20
"""Bytes of text worked on at a time: bounds a worker's memory, whatever the size of an engine's batches."""


def slices(batch: pa.RecordBatch, size: int) -> Iterator[pa.RecordBatch]:
    """Cuts a batch into runs of rows with about `size` bytes of text; a row is never cut."""
    lengths = pc.binary_length(batch.column("text")).fill_null(0).to_numpy(zero_copy_only=False)
    piece = (np.cumsum(lengths) - lengths) // size
    starts = [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), batch.num_rows]
    for start, stop in pairwise(starts):
        yield batch.slice(start, stop - start)
