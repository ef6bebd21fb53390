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
from functools import lru_cache
from operator import le
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

    def unpack(self, row: bytes) -> tuple[int, list[Any]] | None:
        """Event time and values of a row; None if it was packed under another schema, or is damaged."""
        try:
            events, columns, bitmaps = self.unpack_columns([row])
        except ValueError:
            return None
        nulls = null_places(bitmaps[0])
        return events[0], [None if at in nulls else column[0] for at, column in enumerate(columns)]

    def unpack_columns(self, rows: Sequence[bytes]) -> tuple[tuple[int, ...], list[list[Any]], tuple[bytes, ...]]:
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
        if self._variable:
            self._unpack_variable(columns, rows)
        elif set(map(len, rows)) != {self.fixed.size}:
            raise ValueError("a row is too long")
        for at in self._times:
            columns[at] = _moments(columns[at])
        return events, columns, bitmaps

    def _unpack_variable(self, columns: list[list[Any]], rows: Sequence[bytes]) -> None:
        """Puts texts and lists in the place of where they end."""
        tails = [row[self.fixed.size :] for row in rows]
        texts = _if_ascii(tails)
        begins: list[int] = [0] * len(rows)
        for at in self._variable:
            ends = columns[at]
            if not all(map(le, begins, ends)):
                raise ValueError("a part of a row has a negative length")
            if texts is not None and self.types[at] is ValueType.STRING:
                columns[at] = [text[begin:end] for text, begin, end in zip(texts, begins, ends, strict=True)]
            else:
                parts = [tail[begin:end] for tail, begin, end in zip(tails, begins, ends, strict=True)]
                columns[at] = _unpack_column(parts, self.types[at])
            begins = ends
        if list(map(len, tails)) != begins:
            raise ValueError("a row has another length than its parts")

    def no_nulls(self, bitmaps: Sequence[bytes]) -> bool:
        """Whether no row with these bitmaps has a null."""
        return bitmaps.count(self._no_nulls) == len(bitmaps)


@lru_cache(maxsize=4096)
def null_places(bitmap: bytes) -> tuple[int, ...]:
    """The positions of the features that are null."""
    bits = int.from_bytes(bitmap, "little")
    return tuple(at for at in range(bits.bit_length()) if bits >> at & 1)


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


def _if_ascii(tails: Sequence[bytes]) -> list[str] | None:
    """The bytes as text, if each is a character: then places in the bytes are places in the text."""
    return [tail.decode("ascii") for tail in tails] if all(map(bytes.isascii, tails)) else None


def _unpack_column(parts: list[bytes], value_type: ValueType) -> list[Any]:
    """The values of one feature in several rows; of a null, its part is empty and the value is anything."""
    if value_type is ValueType.STRING:
        return [part.decode() for part in parts]
    if value_type is ValueType.BYTES:
        return parts
    element = value_type.element
    if element in _TEXTS:
        return [_unpack_texts(part, element) if part else None for part in parts]
    return [_unpack_numbers(part, element) for part in parts]


def _unpack_texts(data: bytes, element: ValueType) -> list[Any]:
    count = int.from_bytes(data[:4], "little")
    if len(data) < 4 + 4 * count:
        raise ValueError("a list ends too early")
    lengths = _lengths(count).unpack_from(data, 4)
    at = 4 + 4 * count
    if at + sum(lengths) != len(data):
        raise ValueError("a list has another length than its texts")
    texts: list[Any] = []
    for length in lengths:
        raw = data[at : at + length]
        texts.append(raw.decode() if element is ValueType.STRING else raw)
        at += length
    return texts


@lru_cache(maxsize=64)
def _lengths(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}I")


def _unpack_numbers(data: bytes, element: ValueType) -> list[Any]:
    code = _CODES[element]
    count, rest = divmod(len(data), struct.calcsize("<" + code))
    if rest:
        raise ValueError("a list holds no whole number of numbers")
    numbers = list(struct.unpack(f"<{count}{code}", data))
    return _moments(numbers) if element is ValueType.UNIX_TIMESTAMP else numbers


def _moments(numbers: list[int]) -> list[Any]:
    """Seconds since the epoch as datetimes in UTC."""
    try:
        return [datetime.fromtimestamp(each, UTC) for each in numbers]
    except (OverflowError, OSError) as error:
        raise ValueError(f"a time is out of range: {error}") from error
