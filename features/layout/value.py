"""Values as bytes: Feast's protobuf message `feast.types.Value`, written and read without protobuf.

A message is a tag, then the value; a null is no bytes at all (feast 0.67, infra/online_stores/redis.py). The type's
number is the number of the message's field, so bytes that were written for another type are recognised.
"""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from features.definition.value_type import ValueType
from pipelines.errors import TokenlakeError

_MASK = (1 << 64) - 1
_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")


class ValueBytesError(TokenlakeError, ValueError):
    """Stored bytes are not a value of the expected type."""


def varint(number: int) -> bytes:
    """A protobuf varint; negative numbers as 64 bits, two's complement."""
    number &= _MASK
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned number at an offset, and the offset behind it.

    Raises:
        ValueBytesError: the data ends within it, or it is longer than ten bytes.
    """
    number = shift = 0
    for place in range(at, min(at + 10, len(data))):
        byte = data[place]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & _MASK, place + 1
        shift += 7
    raise ValueBytesError("a number does not end")


def signed(number: int) -> int:
    """An unsigned 64-bit number as two's complement."""
    return number - (1 << 64) if number >> 63 else number


def seconds(moment: datetime) -> int:
    """Whole seconds since the epoch, rounded down."""
    return int(moment.timestamp() // 1)


_WIRE = {ValueType.DOUBLE: 1, ValueType.FLOAT: 5, ValueType.BYTES: 2, ValueType.STRING: 2}  # others are varints


def _wire(value_type: ValueType) -> int:
    return 2 if value_type.is_list else _WIRE.get(value_type, 0)


TAG = {value_type: varint(value_type << 3 | _wire(value_type)) for value_type in ValueType}
"""The bytes before a value: number of the field and wire type."""


def _encode_element(value: Any, element: ValueType) -> bytes:
    """A value without tag; of texts and bytes, with their length."""
    if element is ValueType.STRING:
        raw = value.encode()
        return varint(len(raw)) + raw
    if element is ValueType.BYTES:
        return varint(len(value)) + value
    if element is ValueType.DOUBLE:
        return _DOUBLE.pack(value)
    if element is ValueType.FLOAT:
        return _FLOAT.pack(value)
    if element is ValueType.UNIX_TIMESTAMP and isinstance(value, datetime):
        return varint(seconds(value))
    return varint(int(value))


def encode(value: Any, value_type: ValueType) -> bytes:
    """The bytes of a value of this type; of None, no bytes."""
    if value is None:
        return b""
    if not value_type.is_list:
        return TAG[value_type] + _encode_element(value, value_type)
    element = value_type.element
    parts = [_encode_element(each, element) for each in value]
    if element in (ValueType.STRING, ValueType.BYTES):
        body = b"".join(b"\x0a" + part for part in parts)
    else:
        packed = b"".join(parts)
        body = b"\x0a" + varint(len(packed)) + packed if parts else b""
    return TAG[value_type] + varint(len(body)) + body


def decode(data: bytes, value_type: ValueType) -> Any:
    """The value in some bytes; None if there are none.

    Raises:
        ValueBytesError: they hold no value of this type.
    """
    if not data:
        return None
    tag = TAG[value_type]
    if not data.startswith(tag):
        raise ValueBytesError(f"{data[:16].hex()} is no {value_type.name}")
    try:
        read = _decode_list if value_type.is_list else _decode_element
        value, end = read(data, len(tag), value_type)
    except (struct.error, IndexError, ValueError, OverflowError, OSError) as error:  # also of times out of range
        raise ValueBytesError(f"{data[:16].hex()} is no {value_type.name}: {error}") from error
    if end != len(data):
        raise ValueBytesError(f"{data[:16].hex()} is no {value_type.name}: {len(data) - end} bytes too many")
    return value


def _decode_element(data: bytes, at: int, element: ValueType) -> tuple[Any, int]:
    if element is ValueType.STRING or element is ValueType.BYTES:
        length, at = read_varint(data, at)
        if at + length > len(data):
            raise ValueBytesError("the bytes end too early")
        raw = data[at : at + length]
        return raw.decode() if element is ValueType.STRING else raw, at + length
    if element is ValueType.DOUBLE:
        return _DOUBLE.unpack_from(data, at)[0], at + 8
    if element is ValueType.FLOAT:
        return _FLOAT.unpack_from(data, at)[0], at + 4
    number, at = read_varint(data, at)
    return _OF_NUMBER[element](number), at


_OF_NUMBER: dict[ValueType, Callable[[int], Any]] = {
    ValueType.BOOL: bool,
    ValueType.INT32: signed,
    ValueType.INT64: signed,
    ValueType.UNIX_TIMESTAMP: lambda number: datetime.fromtimestamp(signed(number), UTC),
}


def _decode_list(data: bytes, at: int, value_type: ValueType) -> tuple[list[Any], int]:
    length, at = read_varint(data, at)
    end = at + length
    element = value_type.element
    values: list[Any] = []
    if element in (ValueType.STRING, ValueType.BYTES):
        while at < end:
            if data[at] != 0x0A:
                raise ValueBytesError("a list holds something else")
            value, at = _decode_element(data, at + 1, element)
            values.append(value)
    elif length:
        if data[at] != 0x0A:
            raise ValueBytesError("a list holds something else")
        packed, at = read_varint(data, at + 1)
        if at + packed != end:
            raise ValueBytesError("a list ends too early")
        while at < end:
            value, at = _decode_element(data, at, element)
            values.append(value)
    return values, at
