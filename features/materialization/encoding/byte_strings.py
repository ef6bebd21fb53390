"""Columns of byte strings, made from numpy arrays and joined row by row.

Shapes: N rows, W the most bytes of a row.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Matrix: TypeAlias = npt.NDArray[np.uint8]  # (N, W)
Integers: TypeAlias = npt.NDArray[np.int64]
Truths: TypeAlias = npt.NDArray[np.bool_]
ByteStrings: TypeAlias = pa.LargeBinaryArray  # without nulls

_SHIFTS = np.arange(0, 70, 7, dtype=np.uint64)
_LIMITS = np.array([1 << shift for shift in range(7, 64, 7)], np.uint64)  # the first number that needs another byte
_NOTHING = pa.scalar(b"", pa.large_binary())


def offsets_of(lengths: npt.NDArray) -> Integers:
    """Where each of consecutive pieces begins, and the last ends, (N + 1,)."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def from_offsets(offsets: Integers, data: npt.NDArray | pa.Buffer) -> ByteStrings:
    """Byte strings that lie one after another: string i is `data[offsets[i]:offsets[i + 1]]`."""
    buffer = data if isinstance(data, pa.Buffer) else pa.py_buffer(np.ascontiguousarray(data))
    return pa.Array.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(np.ascontiguousarray(offsets, np.int64)), buffer]
    )


def lengths_of(strings: ByteStrings) -> Integers:
    """The bytes of each string, (N,)."""
    return np.diff(bounds(strings))


def bounds(strings: ByteStrings) -> Integers:
    """Where each string begins in the data, and the last ends, (N + 1,)."""
    _, offsets, _ = strings.buffers()
    return np.frombuffer(offsets, np.int64)[strings.offset : strings.offset + len(strings) + 1]


def ragged(matrix: Matrix, lengths: Integers) -> ByteStrings:
    """The first `lengths[n]` bytes of each row of a matrix."""
    offsets = offsets_of(lengths)
    if offsets[-1] == matrix.size:
        return from_offsets(offsets, matrix.reshape(-1))
    return from_offsets(offsets, matrix[np.arange(matrix.shape[1]) < lengths[:, None]])


def bytes_of(numbers: npt.NDArray, dtype: str) -> Matrix:
    """Each number as a row of bytes; `dtype` is a numpy type such as `<i4`."""
    return np.ascontiguousarray(numbers.astype(dtype)).view(np.uint8).reshape(len(numbers), np.dtype(dtype).itemsize)


def varints(numbers: npt.NDArray) -> tuple[Matrix, Integers]:
    """Protobuf varints of 64-bit numbers, negative ones as two's complement: a matrix of bytes, and their lengths."""
    unsigned = numbers.astype(np.int64, copy=False).view(np.uint64)
    lengths = np.searchsorted(_LIMITS, unsigned, side="right").astype(np.int64) + 1
    width = int(lengths.max(initial=1))
    matrix = ((unsigned[:, None] >> _SHIFTS[:width]) & np.uint64(0x7F)).astype(np.uint8)
    matrix[np.arange(width) < lengths[:, None] - 1] |= 0x80
    return matrix, lengths


def tagged(tag: bytes, matrix: Matrix, lengths: Integers, present: Truths | None) -> ByteStrings:
    """A tag and the first `lengths[n]` bytes of each row; nothing where not present."""
    whole = np.empty((len(matrix), len(tag) + matrix.shape[1]), np.uint8)
    whole[:, : len(tag)] = np.frombuffer(tag, np.uint8)
    whole[:, len(tag) :] = matrix
    all_lengths = lengths + len(tag)
    return ragged(whole, all_lengths if present is None else np.where(present, all_lengths, 0))


def length_headers(tag: bytes, lengths: Integers, present: Truths | None) -> ByteStrings:
    """A tag and a length as varint, as protobuf writes before texts; nothing where not present."""
    return tagged(tag, *varints(lengths), present)


def join(*parts: ByteStrings | bytes) -> ByteStrings:
    """For each row, its strings of all parts one after another; a part that is one value stands in each row."""
    listed = [pa.scalar(part, pa.large_binary()) if isinstance(part, bytes) else part for part in parts]
    return pc.binary_join_element_wise(*listed, _NOTHING)
