"""Writes rows into Valkey or Redis: Feast's hashes and the packed rows, by a script that compares times."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import hiredis
import numpy as np
import pyarrow as pa

from features.layout.field import feature_field, timestamp_field
from features.layout.packed_row import packed_key
from features.materialization.encoding.byte_strings import (
    ByteStrings,
    bounds,
    bytes_of,
    from_offsets,
    join,
    lengths_of,
)
from features.materialization.encoding.values import encoded_times
from features.materialization.encoding.view_encoder import EncodedRows, ViewEncoder
from features.materialization.writer import Encoders, Written, state_key
from features.store.address import ValkeyAddress
from features.store.errors import StoreLostDataError
from features.store.valkey import ValkeyConnection, raise_errors

SCRIPT = files(__package__).joinpath("write_rows.lua").read_bytes()
_SHA = hashlib.sha1(SCRIPT).hexdigest().encode()

_VALUES_OF_A_CALL = 500  # the server answers nobody else during a call; longer calls do not write faster
_BYTES_OF_A_PIPELINE = 1 << 20
_MARK_SECONDS = 86_400  # after which the mark of a killed run is gone

_SAVE = b"""\
if redis.call('EXPIRE', KEYS[1], ARGV[2]) == 0 then return 0 end  -- 0 seconds: deletes it
redis.call('SET', KEYS[2], ARGV[1])
return 1
"""


def times_field(view: str) -> bytes:
    """The field of a hash with event time and time of creation of a view's values: 2 times 8 bytes, microseconds.

    Feast neither writes nor reads it. It holds as long as its event time is that of Feast's field: a row that the SDK
    wrote since has no time of creation.
    """
    return b"_tl:" + view.encode()


class ValkeyWriter:
    """See `OnlineWriter`.

    Args:
        address: of the server.
        encoders: of the plan.
        timeout: seconds for each pipeline of about a megabyte.
    """

    def __init__(self, address: ValkeyAddress, encoders: Encoders, timeout: float) -> None:
        self._connection = ValkeyConnection(address)
        self._address = address
        self._encoders = encoders
        self._timeout = timeout
        self._project = encoders.plan.project

    def write(self, view: str, rows: pa.Table) -> Written:
        """See `OnlineWriter.write`."""
        newer = 0
        encoder = self._encoders.of(view)
        for pipeline in _pipelines(encoder, encoder.encode(rows)):
            newer += sum(self._send(pipeline))
        return Written(rows.num_rows, newer)

    def begin(self, view: str) -> str:
        """See `OnlineWriter.begin`."""
        token = os.urandom(16).hex()
        self._call(b"SET", self._mark(view, token), b"", b"EX", b"%d" % _MARK_SECONDS)
        return json.dumps([token, self._server()])

    def save(self, view: str, mark: str, state: bytes, last: bool) -> None:
        """See `OnlineWriter.save`."""
        token, server = json.loads(mark)
        keys = (self._mark(view, token), state_key(self._project, view).encode())
        seconds = b"0" if last else b"%d" % _MARK_SECONDS
        if self._server() != server or not self._call(b"EVAL", _SAVE, b"2", *keys, state, seconds):
            raise StoreLostDataError(
                f"online store {self._address} was restarted or emptied while {view} was written; run again"
            )

    def state(self, view: str) -> bytes | None:
        """See `OnlineWriter.state`."""
        return self._call(b"GET", state_key(self._project, view).encode())

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def _mark(self, view: str, token: str) -> bytes:
        return f"tokenlake:materializing:{self._project}:{view}:{token}".encode()

    def _server(self) -> str:
        """An id that a server has from its start to its end."""
        told: bytes = self._call(b"INFO", b"server")
        return next(line.decode() for line in told.split(b"\r\n") if line.startswith(b"run_id:"))

    def _call(self, *parts: bytes) -> Any:
        return self._connection.call(*parts, deadline=time.monotonic() + self._timeout)

    def _send(self, calls: list[bytes]) -> list[int]:
        """Sends calls of the script; those that the server refuses because it does not know the script, again."""
        replies = self._execute(calls)
        unknown = [at for at, reply in enumerate(replies) if _is_unknown_script(reply)]
        if unknown:
            self._call(b"SCRIPT", b"LOAD", SCRIPT)
            for at, reply in zip(unknown, self._execute([calls[at] for at in unknown]), strict=True):
                replies[at] = reply
        raise_errors(replies, self._address)
        return replies

    def _execute(self, calls: list[bytes]) -> list[Any]:
        return self._connection.execute(b"".join(calls), len(calls), time.monotonic() + self._timeout)


def _is_unknown_script(reply: Any) -> bool:
    return isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT")


def _pipelines(encoder: ViewEncoder, encoded: EncodedRows) -> Iterator[list[bytes]]:
    """Calls of the script for all rows, in pipelines of about a megabyte."""
    if not len(encoded.keys):
        return
    keys = _bulk_strings(_keys(encoder, encoded))
    arguments = _bulk_strings(_arguments(encoded))
    first, count = _first_arguments(encoder, encoded)
    key_count, value_count = 1 + len(encoded.packed), 2 + len(encoded.values) + len(encoded.packed)
    rows_of_a_call = max(1, _VALUES_OF_A_CALL // (key_count + value_count))
    key_at, argument_at = bounds(keys), bounds(arguments)
    key_bytes, argument_bytes = memoryview(keys.buffers()[2]), memoryview(arguments.buffers()[2])
    calls: list[bytes] = []
    size = 0
    for begin in range(0, len(keys), rows_of_a_call):
        end = min(begin + rows_of_a_call, len(keys))
        rows = end - begin
        head = b"*%d\r\n$7\r\nEVALSHA\r\n$40\r\n%b\r\n" % (3 + rows * (key_count + value_count) + count, _SHA)
        number = b"%d" % (rows * key_count)
        parts = (
            head + b"$%d\r\n%b\r\n" % (len(number), number),
            key_bytes[key_at[begin] : key_at[end]],
            first,
            argument_bytes[argument_at[begin] : argument_at[end]],
        )
        calls.append(b"".join(parts))
        size += len(calls[-1])
        if size >= _BYTES_OF_A_PIPELINE:
            yield calls
            calls, size = [], 0
    if calls:
        yield calls


def _first_arguments(encoder: ViewEncoder, encoded: EncodedRows) -> tuple[bytes, int]:
    """What a call says about the view, and how many arguments that are."""
    view = encoder.view.name
    fields = [timestamp_field(view), times_field(view), *(feature_field(view, name) for name in encoder.view.features)]
    arguments = [b"%d" % len(encoded.values), b"%d" % len(encoded.packed), *fields]
    return b"".join(b"$%d\r\n%b\r\n" % (len(each), each) for each in arguments), len(arguments)


def _keys(encoder: ViewEncoder, encoded: EncodedRows) -> list[ByteStrings]:
    project, view = encoder.project, encoder.view.name
    packed = [join(packed_key(project, service, view, b""), encoded.keys) for service in encoded.packed]
    return [join(encoded.keys, project.encode()), *packed]


def _arguments(encoded: EncodedRows) -> list[ByteStrings]:
    times = np.hstack([bytes_of(encoded.event_us, "<i8"), bytes_of(encoded.created_us, "<i8")])
    both = from_offsets(np.arange(len(times) + 1, dtype=np.int64) * 16, times)
    return [encoded_times(encoded.event_us), both, *encoded.values, *encoded.packed.values()]


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
