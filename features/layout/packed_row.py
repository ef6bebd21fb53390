"""The packed row: the features of one view that one service reads, for one entity, as one string of the store.

    8 bytes   schema hash: a reader with another one ignores the row and reads Feast's layout instead
    8 bytes   event time, microseconds, signed
    n/8 bytes null bitmap, rounded up; bit i of byte i/8 is set where feature i is null
    fixed     numbers in order, as they are, booleans as a byte, times as 8 bytes of seconds; 0 where null
    variable  texts, bytes and lists in order, if there are such features: a MessagePack array of 16-bit length

Numbers are little-endian, but in MessagePack big-endian. There, a text is `str 32`, bytes `bin 32`, a list `array 32`,
a null `nil`; in a list an integer or a time is `int 64`, a 32-bit integer `int 32`, the others are of their type. So
a row has one encoding. Two calls, of `struct` and of a MessagePack decoder, read a row; a hash with a protobuf message
for each feature takes many times as long.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from features.definition.value_type import ValueType
from features.layout.value import seconds

FORMAT = 2
"""Version of this format; part of the schema hash."""

_CODES = {
    ValueType.INT32: "i",
    ValueType.INT64: "q",
    ValueType.DOUBLE: "d",
    ValueType.FLOAT: "f",
    ValueType.BOOL: "?",
    ValueType.UNIX_TIMESTAMP: "q",
}
NIL, ARRAY_16, ARRAY_32 = b"\xc0", b"\xdc", b"\xdd"
ELEMENTS = {
    ValueType.STRING: (b"\xdb", ">I"),
    ValueType.BYTES: (b"\xc6", ">I"),
    ValueType.INT32: (b"\xd2", ">i"),
    ValueType.INT64: (b"\xd3", ">q"),
    ValueType.DOUBLE: (b"\xcb", ">d"),
    ValueType.FLOAT: (b"\xca", ">f"),
    ValueType.UNIX_TIMESTAMP: (b"\xd3", ">q"),
}
"""MessagePack's tag of a type, and the format of the number behind it: a value, or the length of a text."""

_BOOL = (b"\xc2", b"\xc3")
_TEXTS = (ValueType.STRING, ValueType.BYTES)
_PYTHON = {
    ValueType.STRING: str,
    ValueType.BYTES: bytes,
    ValueType.DOUBLE: float,
    ValueType.FLOAT: float,
    ValueType.BOOL: bool,
}


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
        self.schema_hash = blake2b(json.dumps(described).encode(), digest_size=8).digest()
        self.bitmap_bytes = (len(features) + 7) // 8
        self.fixed = struct.Struct(f"<8sq{self.bitmap_bytes}s" + "".join(_CODES.get(each, "") for each in self.types))
        self.variable = tuple(each for each in self.types if each not in _CODES)
        self._no_nulls = bytes(self.bitmap_bytes)
        self._fixed_places = [at for at, each in enumerate(self.types) if each in _CODES]
        self._variable_places = [at for at, each in enumerate(self.types) if each not in _CODES]
        self._times = tuple(at for at, each in enumerate(self.types) if each.element is ValueType.UNIX_TIMESTAMP)
        self._decode = msgspec.msgpack.Decoder(tuple[tuple(map(_python, self.variable))]).decode  # type: ignore[misc]

    def pack(self, event_us: int, values: Sequence[Any]) -> bytes:
        """The bytes of a row; None is null."""
        nulls = sum(1 << at for at, value in enumerate(values) if value is None)
        bitmap = nulls.to_bytes(self.bitmap_bytes, "little")
        numbers = [_number(values[at]) for at in self._fixed_places]
        row = self.fixed.pack(self.schema_hash, event_us, bitmap, *numbers)
        if not self.variable:
            return row
        parts = [_variable(values[at], self.types[at]) for at in self._variable_places]
        return b"".join([row, ARRAY_16, struct.pack(">H", len(parts)), *parts])

    def head(self, event_us: int) -> bytes:
        """What a row of this schema and event time begins with."""
        return self.schema_hash + struct.pack("<q", event_us)

    def unpack(self, row: bytes) -> tuple[int, list[Any]] | None:
        """Event time and values of a row; None if it was packed under another schema, or is damaged."""
        try:
            events, columns, bitmaps = self.unpack_columns([row])
        except ValueError:
            return None
        nulls = null_places(bitmaps[0])
        return events[0], [None if at in nulls else column[0] for at, column in enumerate(columns)]

    def unpack_columns(self, rows: Sequence[bytes]) -> tuple[list[int], list[list[Any]], tuple[bytes, ...]]:
        """Event times, a column for each feature, and null bitmaps (`null_places`) of at least one row.

        What a column holds in the place of a null means nothing.

        Raises:
            ValueError: one of the rows was packed under another schema, or is damaged.
        """
        try:
            hashes, events, bitmaps, *found = zip(*map(self.fixed.unpack_from, rows), strict=True)
        except struct.error as error:
            raise ValueError(f"a row is too short: {error}") from error
        if hashes.count(self.schema_hash) < len(rows):
            raise ValueError("a row was packed under another schema")
        columns: list[list[Any]] = list(map(list, found))
        if self.variable:
            columns = self._with_variable(columns, rows)
        elif set(map(len, rows)) != {self.fixed.size}:
            raise ValueError("a row is too long")
        for at in self._times:
            columns[at] = _moments(columns[at])
        return list(events), columns, bitmaps

    def _with_variable(self, fixed: Sequence[list[Any]], rows: Sequence[bytes]) -> list[list[Any]]:
        size = self.fixed.size
        try:
            found = zip(*map(self._decode, [row[size:] for row in rows]), strict=True)
        except msgspec.MsgspecError as error:
            raise ValueError(f"a row is damaged: {error}") from error
        columns: list[Any] = [None] * len(self.types)
        for at, column in zip(self._fixed_places, fixed, strict=True):
            columns[at] = column
        for at, values in zip(self._variable_places, found, strict=True):
            columns[at] = list(values)
        return columns

    def no_nulls(self, bitmaps: Sequence[bytes]) -> bool:
        """Whether no row with these bitmaps has a null."""
        return bitmaps.count(self._no_nulls) == len(bitmaps)


@lru_cache(maxsize=4096)
def null_places(bitmap: bytes) -> tuple[int, ...]:
    """The positions of the features that are null."""
    bits = int.from_bytes(bitmap, "little")
    return tuple(at for at in range(bits.bit_length()) if bits >> at & 1)


def _python(value_type: ValueType) -> Any:
    element = _PYTHON.get(value_type.element, int)
    return list[element] | None if value_type.is_list else element | None  # type: ignore[valid-type]


def _number(value: Any) -> Any:
    if value is None:
        return 0
    return seconds(value) if isinstance(value, datetime) else value


def _variable(value: Any, value_type: ValueType) -> bytes:
    if value is None:
        return NIL
    element = value_type.element
    if not value_type.is_list:
        return _element(value, element)
    elements = [_element(each, element) for each in value]
    return b"".join([ARRAY_32, struct.pack(">I", len(elements)), *elements])


def _element(value: Any, element: ValueType) -> bytes:
    if element is ValueType.BOOL:
        return _BOOL[bool(value)]
    tag, code = ELEMENTS[element]
    if element in _TEXTS:
        raw = value.encode() if element is ValueType.STRING else value
        return tag + struct.pack(code, len(raw)) + raw
    return tag + struct.pack(code, _number(value))


def _moments(values: Sequence[Any]) -> list[Any]:
    """Seconds since the epoch as datetimes in UTC; lists of them too."""
    try:
        return [
            datetime.fromtimestamp(each, UTC) if isinstance(each, int) else each and _moments(each) for each in values
        ]
    except (OverflowError, OSError) as error:
        raise ValueError(f"a time is out of range: {error}") from error
