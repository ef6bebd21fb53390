"""Columns as packed rows: `features.layout.packed_row.PackedRow.pack` of each row."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.definition.value_type import ValueType
from features.layout.packed_row import ARRAY_16, ARRAY_32, ELEMENTS, NIL, PackedRow
from features.materialization.encoding.byte_strings import (
    ByteStrings,
    Integers,
    Matrix,
    Truths,
    bounds,
    bytes_of,
    from_offsets,
    join,
    lengths_of,
    ragged,
)
from features.materialization.encoding.columns import Column

_WIDTHS = {
    ValueType.INT32: "<i4",
    ValueType.INT64: "<i8",
    ValueType.DOUBLE: "<f8",
    ValueType.FLOAT: "<f4",
    ValueType.BOOL: "|u1",
    ValueType.UNIX_TIMESTAMP: "<i8",
}


def packed_rows(layout: PackedRow, event_us: Integers, columns: Sequence[Column]) -> ByteStrings:
    """The packed row of each entity; `columns` in the order of the service."""
    rows = len(event_us)
    fixed = np.zeros((rows, layout.fixed.size), np.uint8)
    fixed[:, :8] = np.frombuffer(layout.schema_hash, np.uint8)
    fixed[:, 8:16] = bytes_of(event_us, "<i8")
    at = 16 + layout.bitmap_bytes
    variable: list[ByteStrings] = []
    for number, column in enumerate(columns):
        if column.present is not None:
            fixed[:, 16 + (number >> 3)] |= (~column.present).astype(np.uint8) << (number & 7)
        if column.value_type in _WIDTHS:
            cell = bytes_of(column.elements, _WIDTHS[column.value_type])
            fixed[:, at : at + cell.shape[1]] = cell
            at += cell.shape[1]
        else:
            variable.append(_variable(column))
    whole = from_offsets(np.arange(rows + 1, dtype=np.int64) * fixed.shape[1], fixed)
    if not variable:
        return whole
    return join(whole, ARRAY_16 + len(variable).to_bytes(2, "big"), *variable)


def _variable(column: Column) -> ByteStrings:
    """Texts and lists in MessagePack; of a null, nil."""
    element = column.value_type.element
    if column.counts is None:
        texts: ByteStrings = column.elements
        return join(_heads(ELEMENTS[element][0], lengths_of(texts), column.present), texts)
    heads = _heads(ARRAY_32, column.counts, column.present)
    if column.is_text:
        texts = column.elements
        elements = join(_heads(ELEMENTS[element][0], lengths_of(texts), None), texts)
        return join(heads, from_offsets(bounds(elements)[column.bounds], elements.buffers()[2] or b""))
    cells = _cells(column.elements, element)
    return join(heads, from_offsets(column.bounds * cells.shape[1], cells))


def _heads(tag: bytes, lengths: Integers, present: Truths | None) -> ByteStrings:
    """A tag and a number of 32 bits; nil where not present."""
    heads = np.empty((len(lengths), 5), np.uint8)
    heads[:, 0] = tag[0]
    heads[:, 1:] = bytes_of(lengths, ">u4")
    if present is None:
        return ragged(heads, np.full(len(lengths), 5))
    heads[~present, 0] = NIL[0]
    return ragged(heads, np.where(present, 5, 1))


def _cells(numbers: npt.NDArray, element: ValueType) -> Matrix:
    """Each number with its tag."""
    if element is ValueType.BOOL:
        return numbers.astype(np.uint8).reshape(-1, 1) + np.uint8(0xC2)
    tag, _ = ELEMENTS[element]
    values = bytes_of(numbers, _WIDTHS[element].replace("<", ">"))
    cells = np.empty((len(values), 1 + values.shape[1]), np.uint8)
    cells[:, 0] = tag[0]
    cells[:, 1:] = values
    return cells
