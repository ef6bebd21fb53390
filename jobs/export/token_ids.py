"""Token ids of Arrow's binary columns as numbers, without a copy."""

import numpy as np
import pyarrow as pa


def token_ids(column: pa.BinaryArray, item: int) -> np.ndarray:
    """(T,) the ids of all rows, one row behind the other; `item` is 2 or 4 bytes of each id."""
    data, first, last = _bytes(column)
    return np.frombuffer(data, f"<u{item}", (last - first) // item, first)


def as_lists(column: pa.BinaryArray, item: int) -> pa.ListArray:
    """A binary column as lists of unsigned integers."""
    values = pa.array(token_ids(column, item))
    _, offsets, _ = column.buffers()
    found = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    return pa.ListArray.from_arrays(pa.array((found - found[0]) // item, pa.int32()), values)


def _bytes(column: pa.BinaryArray) -> tuple[pa.Buffer, int, int]:
    """(buffer, first byte, byte behind the last)."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    return (data if data is not None else pa.py_buffer(b"")), int(ends[0]), int(ends[-1])
