"""Reads many values of one type: the usual encodings at once, all others by `features.layout.value.decode`."""

import struct
from collections.abc import Callable
from functools import partial
from typing import Any

from features.definition.value_type import ValueType
from features.layout.value import TAG, decode, signed

Reader = Callable[[bytes], Any]
"""From the bytes of a value, at least one, to the value; raises ValueBytesError."""


def reader_of(value_type: ValueType) -> Reader:
    """A function that does what `decode` does, for one type."""
    if value_type is ValueType.DOUBLE:
        return partial(_fixed, struct.Struct("<cd"), value_type)
    if value_type is ValueType.FLOAT:
        return partial(_fixed, struct.Struct("<cf"), value_type)
    if value_type in (ValueType.INT32, ValueType.INT64):
        return partial(_integer, TAG[value_type][0], value_type)
    if value_type is ValueType.BOOL:
        return _bool
    if value_type is ValueType.STRING:
        return _short_text
    return partial(_any, value_type)


def _any(value_type: ValueType, data: bytes) -> Any:
    return decode(data, value_type)


def _fixed(layout: struct.Struct, value_type: ValueType, data: bytes) -> Any:
    if len(data) == layout.size:
        tag, value = layout.unpack(data)
        if tag == TAG[value_type]:
            return value
    return decode(data, value_type)


def _integer(tag: int, value_type: ValueType, data: bytes) -> Any:
    if data[0] != tag or not 2 <= len(data) <= 11:
        return decode(data, value_type)
    number = shift = 0
    for byte in data[1:-1]:
        if byte < 0x80:
            return decode(data, value_type)
        number |= (byte & 0x7F) << shift
        shift += 7
    last = data[-1]
    if last >= 0x80 or shift == 63:
        return decode(data, value_type)
    return signed(number | last << shift)


_BOOLS = {TAG[ValueType.BOOL] + b"\x00": False, TAG[ValueType.BOOL] + b"\x01": True}


def _bool(data: bytes) -> Any:
    found = _BOOLS.get(data)
    return decode(data, ValueType.BOOL) if found is None else found


def _short_text(data: bytes) -> Any:
    """Of fewer than 128 bytes: tag, length, text."""
    if data[0] == TAG[ValueType.STRING][0] and 2 <= len(data) < 130 and data[1] == len(data) - 2:
        try:
            return data[2:].decode()
        except UnicodeDecodeError:
            pass
    return decode(data, ValueType.STRING)
