"""Values of Arrow columns as MosaicML Streaming stores them in a sample (streaming/base/format/mds/encodings.py)."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.export.errors import UnfitExportError
from jobs.export.token_ids import token_ids


@dataclass(frozen=True)
class Encoding:
    """How the values of a column are stored.

    `name` is the library's; `size` the bytes of every value, None where values differ; `encode` gives the bytes of
    each value of a column without nulls.
    """

    name: str
    size: int | None
    encode: Callable[[pa.Array], list[bytes]]

    @staticmethod
    def of_ids(item: int, length: int | None) -> "Encoding":
        """Of token ids of `item` bytes: arrays of `length` ids, or of as many as a row has."""
        dtype = f"uint{8 * item}"
        if length is None:
            return Encoding(f"ndarray:{dtype}", None, lambda column: _arrays(column.to_pylist(), item))

        def whole(column: pa.Array) -> list[bytes]:
            data = token_ids(column, item).tobytes()
            step = length * item
            return [data[begin : begin + step] for begin in range(0, len(data), step)]

        return Encoding(f"ndarray:{dtype}:{length}", length * item, whole)

    def values(self, column: pa.Array, name: str) -> list[bytes]:
        """The bytes of each value.

        Raises:
            UnfitExportError: one is null, for which the format has no sign.
        """
        if column.null_count:
            raise UnfitExportError(
                f"the column {name} has nulls, which --format mds cannot hold: leave it out with --columns"
            )
        return self.encode(column)


def encoding(dtype: pa.DataType) -> Encoding | None:
    """The encoding of an Arrow type; None where there is none that gives the same values back."""
    if pa.types.is_string(dtype):
        return Encoding("str", None, lambda column: [text.encode() for text in column.to_pylist()])
    if pa.types.is_binary(dtype):
        return Encoding("bytes", None, lambda column: column.to_pylist())
    if pa.types.is_boolean(dtype):
        return Encoding("uint8", 1, lambda column: _scalars(column.cast(pa.uint8()), np.dtype("u1")))
    if pa.types.is_integer(dtype) or pa.types.is_float32(dtype) or pa.types.is_float64(dtype):
        kind = np.dtype(dtype.to_pandas_dtype()).newbyteorder("<")
        name = "int" if kind == np.int64 else kind.name  # "int" gives a Python int
        return Encoding(name, kind.itemsize, lambda column: _scalars(column, kind))
    if pa.types.is_list(dtype) and pa.types.is_integer(dtype.value_type):
        kind = np.dtype(dtype.value_type.to_pandas_dtype()).newbyteorder("<")
        return Encoding(f"ndarray:{kind.name}", None, lambda column: _arrays(_of_lists(column, kind), kind.itemsize))
    if pa.types.is_list(dtype) and pa.types.is_string(dtype.value_type):
        return Encoding("json", None, lambda column: [json.dumps(each).encode() for each in column.to_pylist()])
    return None


def _scalars(column: pa.Array, kind: np.dtype) -> list[bytes]:
    data = column.to_numpy(zero_copy_only=False).astype(kind).tobytes()
    return [data[begin : begin + kind.itemsize] for begin in range(0, len(data), kind.itemsize)]


def _of_lists(column: pa.ListArray, kind: np.dtype) -> list[bytes]:
    values = column.flatten().to_numpy().astype(kind)
    ends = np.cumsum(column.value_lengths().to_numpy())
    return [part.tobytes() for part in np.split(values, ends)[:-1]]


def _arrays(values: list[bytes], item: int) -> list[bytes]:
    """Arrays of one dimension and a known type: a byte (dimensions, width of the length), the length, the values."""
    return [_shape(len(value) // item) + value for value in values]


def _shape(length: int) -> bytes:
    code = 0 if length < 1 << 8 else 1 if length < 1 << 16 else 2
    return bytes([1 << 2 | code]) + length.to_bytes(1 << code, "little")
