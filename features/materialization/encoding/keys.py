"""Key columns as entity keys: `features.layout.entity_key.EntityKeyEncoder.encode` of each row."""

import struct
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from features.definition.value_type import ValueType
from features.layout.entity_key import MAX_KEY_BYTES, EntityKeyEncoder
from features.materialization.encoding.byte_strings import (
    ByteStrings,
    bytes_of,
    from_offsets,
    join,
    lengths_of,
)
from features.materialization.encoding.columns import UnencodableError, column_of

_WIDTHS = {ValueType.INT32: "<i4", ValueType.INT64: "<i8", ValueType.UNIX_TIMESTAMP: "<i8"}


def entity_keys(rows: pa.Table, join_keys: Mapping[str, ValueType]) -> ByteStrings:
    """The key of each row, without project.

    Raises:
        UnencodableError: a key is null, too large, or of another type.
    """
    encoder = EntityKeyEncoder(join_keys)
    parts: list[ByteStrings | bytes] = []
    for name, value_type in encoder.join_keys.items():
        parts.extend(_parts(name, value_type, rows[name].combine_chunks()))
    return join(encoder.prefix, *parts)


def _parts(name: str, value_type: ValueType, values: pa.Array) -> list[ByteStrings | bytes]:
    column = column_of(name, values, value_type)
    if column.present is not None:
        raise UnencodableError(f"key {name} is null in row {int(np.argmin(column.present)):,}")
    if value_type in _WIDTHS:
        cells = bytes_of(column.elements, _WIDTHS[value_type])
        offsets = np.arange(len(cells) + 1, dtype=np.int64) * cells.shape[1]
        return [struct.pack("<II", value_type, cells.shape[1]), from_offsets(offsets, cells)]
    texts: ByteStrings = column.elements
    lengths = lengths_of(texts)
    if lengths.max(initial=0) > MAX_KEY_BYTES:
        row = int(lengths.argmax())
        raise UnencodableError(
            f"key {name} in row {row:,}: {lengths[row]:,} bytes; at most {MAX_KEY_BYTES:,} are allowed"
        )
    heads = from_offsets(np.arange(len(texts) + 1, dtype=np.int64) * 4, bytes_of(lengths, "<u4"))
    return [struct.pack("<I", value_type), heads, texts]
