"""Entity keys as bytes, as Feast's serialization version 3 writes them (feast 0.67, infra/key_encoding_utils.py).

    count of keys, then for each key by name: type STRING, length, name; then for each: type, length, value
    in the Redis layout the project's name follows, without length

All numbers are unsigned, 32 bits, little-endian. An INT32 key written as INT64 is another key, so types are checked.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from itertools import repeat
from typing import Any

from features.definition.value_type import ValueType
from pipelines.errors import MisuseError

MAX_KEY_BYTES = 8 << 10
"""The largest value of one key. Larger ones are mistakes, and would be copied through every layer."""

_RANGES = {ValueType.INT32: 1 << 31, ValueType.INT64: 1 << 63, ValueType.UNIX_TIMESTAMP: 1 << 63}
_NUMBERS = {each: struct.Struct("<IIi" if each is ValueType.INT32 else "<IIq") for each in _RANGES}
_HEAD = struct.Struct("<II")


class EntityKeyError(MisuseError, ValueError):
    """A value cannot be the key of an entity; the message names the key, and what it must be."""


class EntityKeyEncoder:
    """Encodes the keys of one combination of entities.

    Args:
        join_keys: name and type of each key, in any order.
    """

    def __init__(self, join_keys: Mapping[str, ValueType]) -> None:
        self.join_keys = dict(sorted(join_keys.items()))
        self.prefix = struct.pack("<I", len(join_keys)) + b"".join(
            _HEAD.pack(ValueType.STRING, len(name.encode())) + name.encode() for name in self.join_keys
        )
        self._only = next(iter(self.join_keys.items())) if len(join_keys) == 1 else None

    def encode(self, values: Mapping[str, object]) -> bytes:
        """The bytes of one key, without a project.

        Raises:
            EntityKeyError: a key is missing, or its value has another type or is too large.
        """
        if self._only is not None:
            name, value_type = self._only
            return self.prefix + _value(name, value_type, values.get(name))
        parts = [_value(name, value_type, values.get(name)) for name, value_type in self.join_keys.items()]
        return self.prefix + b"".join(parts)

    def encode_columns(self, columns: Mapping[str, Sequence[Any]]) -> list[bytes]:
        """The bytes of the key in each row of some columns, as `encode` makes them; they have one length.

        Raises:
            EntityKeyError: as `encode`; the message names the row, counted from 0.
        """
        parts: list[Iterable[bytes]] = []
        for name, value_type in self.join_keys.items():
            found = _column(value_type, columns[name])
            if found is None:
                return self._one_by_one(columns)
            parts += found
        return list(map(b"".join, zip(repeat(self.prefix), *parts, strict=False)))

    def _one_by_one(self, columns: Mapping[str, Sequence[Any]]) -> list[bytes]:
        keys = []
        for row, values in enumerate(zip(*(columns[name] for name in self.join_keys), strict=True)):
            try:
                keys.append(self.encode(dict(zip(self.join_keys, values, strict=True))))
            except EntityKeyError as error:
                raise EntityKeyError(f"row {row}: {error}") from None
        return keys


def _column(value_type: ValueType, column: Sequence[Any]) -> list[Iterable[bytes]] | None:
    """The parts of a column's keys; None if they must be looked at one by one, for one of them may be wrong."""
    kinds = set(map(type, column))
    try:
        if value_type is ValueType.STRING and kinds == {str}:
            raw = list(map(str.encode, column))
            lengths = set(map(len, raw))
            if max(lengths) > MAX_KEY_BYTES:
                return None
            is_one = len(lengths) == 1  # as of keys that are hashes
            return [repeat(_text_head(lengths.pop())) if is_one else map(_text_head, map(len, raw)), raw]
        if value_type in _NUMBERS and kinds == {int}:
            numbers = _NUMBERS[value_type]
            return [list(map(partial(numbers.pack, value_type, numbers.size - _HEAD.size), column))]
    except (UnicodeEncodeError, struct.error):
        pass
    return None


@lru_cache(maxsize=1024)
def _text_head(length: int) -> bytes:
    return _HEAD.pack(ValueType.STRING, length)


def _value(name: str, value_type: ValueType, value: object) -> bytes:
    if value_type is ValueType.STRING and type(value) is str:
        try:
            raw = value.encode()
        except UnicodeEncodeError:
            raise EntityKeyError(f"key {name}: the text is not valid Unicode (a lone surrogate)") from None
        if len(raw) <= MAX_KEY_BYTES:
            return _HEAD.pack(2, len(raw)) + raw
        raise EntityKeyError(f"key {name}: {len(raw):,} bytes; at most {MAX_KEY_BYTES:,} are allowed")
    return _other(name, value_type, value)


def _other(name: str, value_type: ValueType, value: object) -> bytes:
    if value is None:
        raise EntityKeyError(f"key {name} is missing, or null")
    if value_type is ValueType.BYTES and isinstance(value, bytes):
        if len(value) > MAX_KEY_BYTES:
            raise EntityKeyError(f"key {name}: {len(value):,} bytes; at most {MAX_KEY_BYTES:,} are allowed")
        return _HEAD.pack(ValueType.BYTES, len(value)) + value
    if value_type in _RANGES and isinstance(value, int) and not isinstance(value, bool):
        if not -_RANGES[value_type] <= value < _RANGES[value_type]:
            raise EntityKeyError(f"key {name}: {value} is not a value of {value_type.name}")
        numbers = _NUMBERS[value_type]
        return numbers.pack(value_type, numbers.size - _HEAD.size, value)
    if value_type is ValueType.UNIX_TIMESTAMP and isinstance(value, datetime) and value.tzinfo is not None:
        return struct.pack("<IIq", value_type, 8, int(value.timestamp() // 1))
    raise EntityKeyError(f"key {name}: {value_type.name} expected, not {type(value).__name__}")
