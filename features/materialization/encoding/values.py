"""Columns as Feast's protobuf values: `features.layout.value.encode` of each row."""

import numpy as np

from features.definition.value_type import ValueType
from features.layout.value import TAG
from features.materialization.encoding.byte_strings import (
    ByteStrings,
    Integers,
    Matrix,
    bounds,
    bytes_of,
    from_offsets,
    join,
    length_headers,
    lengths_of,
    offsets_of,
    ragged,
    tagged,
    varints,
)
from features.materialization.encoding.columns import Column

_ITEM = b"\x0a"  # before the elements of a list


def encoded_values(column: Column) -> ByteStrings:
    """The bytes of each value; of a null, none."""
    tag = TAG[column.value_type]
    if column.counts is not None:
        return _lists(column, tag)
    if column.is_text:
        texts: ByteStrings = column.elements
        return join(length_headers(tag, lengths_of(texts), column.present), texts)
    return tagged(tag, *_numbers(column), column.present)


def encoded_times(microseconds: Integers) -> ByteStrings:
    """`features.layout.event_time.encode_event_time` of each time."""
    seconds = microseconds // 1_000_000
    nanos = (microseconds - seconds * 1_000_000) * 1000
    return join(tagged(b"\x08", *varints(seconds), seconds != 0), tagged(b"\x10", *varints(nanos), nanos != 0))


def _numbers(column: Column) -> tuple[Matrix, Integers]:
    """The bytes of each element without tag."""
    numbers = column.elements
    element = column.value_type.element
    if element.is_floating:
        matrix = bytes_of(numbers, "<f8" if element is ValueType.DOUBLE else "<f4")
        return matrix, np.full(len(matrix), matrix.shape[1], np.int64)
    return varints(numbers)


def _lists(column: Column, tag: bytes) -> ByteStrings:
    if column.is_text:
        texts: ByteStrings = column.elements
        items = join(length_headers(_ITEM, lengths_of(texts), None), texts)
        bodies = from_offsets(bounds(items)[column.bounds], items.buffers()[2] or b"")
    else:
        matrix, lengths = _numbers(column)
        offsets = offsets_of(lengths)[column.bounds]
        packed = from_offsets(offsets, ragged(matrix, lengths).buffers()[2])
        sizes = np.diff(offsets)
        bodies = join(length_headers(_ITEM, sizes, sizes > 0), packed)
    return join(length_headers(tag, lengths_of(bodies), column.present), bodies)
