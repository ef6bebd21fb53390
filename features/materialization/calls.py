"""Calls of the server's scripts for many rows, as bytes of the protocol."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pyarrow as pa

from features.materialization.encoding.byte_strings import ByteStrings, bounds, join, lengths_of

_BYTES_OF_A_PIPELINE = 1 << 20


@dataclass(frozen=True)
class Script:
    """A script, which the server knows by its hash once it has been loaded."""

    text: bytes
    sha: bytes

    @staticmethod
    def of(name: str) -> "Script":
        """A file of this package."""
        text = files(__package__).joinpath(name).read_bytes()
        return Script(text, hashlib.sha1(text).hexdigest().encode())


@dataclass(frozen=True)
class Call:
    """A call for some consecutive rows."""

    first_row: int
    request: bytes


def pipelines(
    script: Script, first: Sequence[bytes], keys: list[ByteStrings], arguments: list[ByteStrings], rows_of_a_call: int
) -> Iterator[list[Call]]:
    """Calls for all rows, in pipelines of about a megabyte.

    Args:
        script: to call.
        first: arguments of every call, before those of its rows.
        keys: of each row.
        arguments: of each row.
        rows_of_a_call: the server answers nobody else during a call.
    """
    if not len(keys[0]):
        return
    key_strings, argument_strings = _bulk_strings(keys), _bulk_strings(arguments)
    key_at, argument_at = bounds(key_strings), bounds(argument_strings)
    key_bytes, argument_bytes = memoryview(key_strings.buffers()[2]), memoryview(argument_strings.buffers()[2])
    before = b"".join(b"$%d\r\n%b\r\n" % (len(each), each) for each in first)
    calls: list[Call] = []
    size = 0
    for begin in range(0, len(key_strings), rows_of_a_call):
        end = min(begin + rows_of_a_call, len(key_strings))
        rows = end - begin
        count = 3 + len(first) + rows * (len(keys) + len(arguments))
        number = b"%d" % (rows * len(keys))
        head = (count, script.sha, len(number), number)
        request = b"".join(
            (
                b"*%d\r\n$7\r\nEVALSHA\r\n$40\r\n%b\r\n$%d\r\n%b\r\n" % head,
                key_bytes[key_at[begin] : key_at[end]],
                before,
                argument_bytes[argument_at[begin] : argument_at[end]],
            )
        )
        calls.append(Call(begin, request))
        size += len(request)
        if size >= _BYTES_OF_A_PIPELINE:
            yield calls
            calls, size = [], 0
    if calls:
        yield calls


def _bulk_strings(columns: list[ByteStrings]) -> ByteStrings:
    """The strings of each row, one after another, as the protocol writes them: `$length\r\nbytes\r\n`."""
    parts: list[Any] = []
    for column in columns:
        lengths = lengths_of(column)
        before = b"\r\n$" if parts else b"$"
        if len(lengths) and (lengths == lengths[0]).all():
            parts.append(before + b"%d\r\n" % lengths[0])
        else:
            digits = pa.array(lengths).cast(pa.large_string()).cast(pa.large_binary())
            parts.extend((before, digits, b"\r\n"))
        parts.append(column)
    return join(*parts, b"\r\n")
