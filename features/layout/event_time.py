"""Event times as bytes: protobuf's `Timestamp`, as Feast stores one for each view of an entity."""

from features.layout.value import ValueBytesError, read_varint, signed, varint

_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800
"""Their begin, in seconds since the epoch."""


def encode_event_time(microseconds: int) -> bytes:
    """The bytes of a time in microseconds since the epoch."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return (b"\x08" + varint(seconds) if seconds else b"") + (b"\x10" + varint(rest * 1000) if rest else b"")


def decode_event_time(data: bytes) -> int:
    """Microseconds since the epoch; nanoseconds are rounded down.

    Raises:
        ValueBytesError: the bytes hold no time, or one that protobuf's `Timestamp` cannot hold.
    """
    at = seconds = nanos = 0
    while at < len(data):
        tag = data[at]
        if tag not in (0x08, 0x10):
            raise ValueBytesError(f"{data.hex()} is no time")
        number, at = read_varint(data, at + 1)
        if tag == 0x08:
            seconds = signed(number)
        else:
            nanos = signed(number)
    if not _YEAR_1 <= seconds < _YEAR_10000:
        raise ValueBytesError(f"{data.hex()} is no time in the years 1 to 9999")
    return seconds * 1_000_000 + nanos // 1000
