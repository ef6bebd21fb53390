"""Columns as packed rows: `features.layout.packed_row.PackedRow.pack` of each row."""

from collections.abc import Sequence

import numpy as np

from features.definition.value_type import ValueType
from features.layout.packed_row import PackedRow
from features.materialization.encoding.byte_strings import (
    ByteStrings,
    Integers,
    bounds,
    bytes_of,
    from_offsets,
    join,
    lengths_of,
    offsets_of,
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
_END = "<u4"


def packed_rows(layout: PackedRow, event_us: Integers, columns: Sequence[Column]) -> ByteStrings:
    """The packed row of each entity; `columns` in the order of the service."""
    rows = len(event_us)
    fixed = np.zeros((rows, layout.fixed.size), np.uint8)
    fixed[:, :8] = np.frombuffer(layout.schema_hash, np.uint8)
    fixed[:, 8:16] = bytes_of(event_us, "<i8")
    at = 16 + layout.bitmap_bytes
    ends = np.zeros(rows, np.int64)
    variable: list[ByteStrings] = []
    for number, column in enumerate(columns):
        if column.present is not None:
            fixed[:, 16 + (number >> 3)] |= (~column.present).astype(np.uint8) << (number & 7)
        if column.value_type in _WIDTHS:
            cell = bytes_of(column.elements, _WIDTHS[column.value_type])
        else:
            variable.append(_variable(column))
            ends = ends + lengths_of(variable[-1])
            cell = bytes_of(ends, _END)
        fixed[:, at : at + cell.shape[1]] = cell
        at += cell.shape[1]
    whole = from_offsets(np.arange(rows + 1, dtype=np.int64) * fixed.shape[1], fixed)
    return join(whole, *variable) if variable else whole


def _variable(column: Column) -> ByteStrings:
    if column.counts is None:
        texts: ByteStrings = column.elements
        return texts
    if column.is_text:
        return _lists_of_texts(column, column.counts)
    cells = bytes_of(column.elements, _WIDTHS[column.value_type.element])
    return from_offsets(column.bounds * cells.shape[1], cells)


def _lists_of_texts(column: Column, counts: Integers) -> ByteStrings:
    """Count, lengths, then the texts; nothing for a null."""
    texts: ByteStrings = column.elements
    is_there = np.ones(len(counts), np.int64) if column.present is None else column.present.astype(np.int64)
    begins = offsets_of(counts + is_there)
    numbers = np.zeros(begins[-1], np.uint32)
    is_length = np.ones(len(numbers), np.bool_)
    heads = begins[:-1][is_there > 0]
    numbers[heads] = counts[is_there > 0]
    is_length[heads] = False
    numbers[is_length] = lengths_of(texts)
    return join(
        from_offsets(begins * 4, numbers.astype(_END)),
        from_offsets(bounds(texts)[column.bounds], texts.buffers()[2] or b""),
    )
