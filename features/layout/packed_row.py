"""The packed row: the features of one view that one service reads, for one entity, as one string of the store.

    8 bytes   schema hash: a reader with another one ignores the row and reads Feast's layout instead
    8 bytes   event time, microseconds, signed
    n/8 bytes null bitmap, rounded up; bit i of byte i/8 is set where feature i is null
    fixed     each feature in order: numbers as they are, booleans as a byte, times as 8 bytes of seconds;
              of texts, bytes and lists 4 bytes: where they end in what follows
    variable  texts as UTF-8, bytes, lists (numbers one after another; of texts: count, lengths, texts)

All numbers are little-endian. One call of `struct` reads a row, which is why it is many times cheaper than a hash
with a protobuf message for each feature.
"""

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from features.definition.value_type import ValueType
from features.layout.value import seconds

FORMAT = 1
"""Version of this format; part of the schema hash."""

_CODES = {
    ValueType.INT32: "i",
    ValueType.INT64: "q",
    ValueType.DOUBLE: "d",
    ValueType.FLOAT: "f",
    ValueType.BOOL: "?",
    ValueType.UNIX_TIMESTAMP: "q",
}
_TEXTS = (ValueType.STRING, ValueType.BYTES)


def packed_key(project: str, service: str, view: str, entity_key: bytes) -> bytes:
    """The key of a packed row; `entity_key` without project. No other key of the store begins like this."""
    return f"tokenlake:{FORMAT}:{project}:{service}:{view}:".encode() + entity_key


class PackedRow:
    """Packs and unpacks the rows of one view in one service.

    Args:
        view: its name.
        join_keys: name and type of each key.
        features: name and type of each feature, in the order of the service.
    """

    def __init__(self, view: str, join_keys: Mapping[str, ValueType], features: Mapping[str, ValueType]) -> None:
        self.types = tuple(features.values())
        described = [FORMAT, view, sorted(join_keys.items()), list(features.items())]
        self.schema_hash = hashlib.blake2b(json.dumps(described).encode(), digest_size=8).digest()
        self.bitmap_bytes = (len(features) + 7) // 8
        self._no_nulls = bytes(self.bitmap_bytes)
        self.fixed = struct.Struct(f"<8sq{self.bitmap_bytes}s" + "".join(_CODES.get(each, "I") for each in self.types))
        self._variable = tuple(at for at, each in enumerate(self.types) if each not in _CODES)
        self._times = tuple(at for at, each in enumerate(self.types) if each is ValueType.UNIX_TIMESTAMP)
        self._plain = not self._variable and not self._times

    def pack(self, event_us: int, values: Sequence[Any]) -> bytes:
        """The bytes of a row; None is null."""
        bitmap = bytearray(self.bitmap_bytes)
        fixed: list[Any] = []
        variable: list[bytes] = []
        end = 0
        for at, (value, value_type) in enumerate(zip(values, self.types, strict=True)):
            if value is None:
                bitmap[at >> 3] |= 1 << (at & 7)
            if value_type in _CODES:
                fixed.append(_number(value, value_type))
                continue
            if value is not None:
                variable.append(_pack_variable(value, value_type))
                end += len(variable[-1])
            fixed.append(end)
        return self.fixed.pack(self.schema_hash, event_us, bytes(bitmap), *fixed) + b"".join(variable)

    def unpack(self, row: bytes) -> tuple[int, Sequence[Any]] | None:
        """Event time and values of a row; None if it was packed under another schema, or is damaged."""
        if not row.startswith(self.schema_hash) or len(row) < self.fixed.size:
            return None
        _, event_us, bitmap, *values = self.fixed.unpack_from(row)
        if self._plain and bitmap == self._no_nulls:
            return event_us, values
        try:
            return event_us, self._finish(row, values, int.from_bytes(bitmap, "little"))
        except (ValueError, OverflowError, OSError, struct.error):
            return None

    def _finish(self, row: bytes, values: list[Any], nulls: int) -> list[Any]:
        """Texts and lists out of the variable part, times as datetimes, nulls as None."""
        begin = self.fixed.size
        for at in self._variable:
            end = self.fixed.size + values[at]
            values[at] = None if nulls >> at & 1 else _unpack_variable(row[begin:end], self.types[at])
            begin = end
        for at in self._times:
            values[at] = datetime.fromtimestamp(values[at], UTC)
        if nulls:
            for at in range(len(values)):
                if nulls >> at & 1:
                    values[at] = None
        return values


def _number(value: Any, value_type: ValueType) -> Any:
    if value is None:
        return 0
    return seconds(value) if isinstance(value, datetime) else value


def _pack_variable(value: Any, value_type: ValueType) -> bytes:
    if value_type is ValueType.STRING:
        return value.encode()
    if value_type is ValueType.BYTES:
        return value
    element = value_type.element
    listed = list(value)
    if element in _TEXTS:
        raw = [each.encode() if element is ValueType.STRING else each for each in listed]
        return struct.pack(f"<I{len(raw)}I", len(raw), *map(len, raw)) + b"".join(raw)
    return struct.pack(f"<{len(listed)}{_CODES[element]}", *(_number(each, element) for each in listed))


def _unpack_variable(data: bytes, value_type: ValueType) -> Any:
    if value_type is ValueType.STRING:
        return data.decode()
    if value_type is ValueType.BYTES:
        return data
    element = value_type.element
    if element in _TEXTS:
        (count,) = struct.unpack_from("<I", data)
        lengths = struct.unpack_from(f"<{count}I", data, 4)
        texts: list[Any] = []
        at = 4 + 4 * count
        for length in lengths:
            raw = data[at : at + length]
            texts.append(raw.decode() if element is ValueType.STRING else raw)
            at += length
        return texts
    code = _CODES[element]
    numbers = list(struct.unpack(f"<{len(data) // struct.calcsize('<' + code)}{code}", data))
    return [datetime.fromtimestamp(each, UTC) for each in numbers] if element is ValueType.UNIX_TIMESTAMP else numbers
