"""Writes rows into Valkey or Redis: Feast's hashes and the packed rows.

Entities without a hash get a whole one, others go through a script that compares times and writes field by field. Both
are one step of the server for each row.
"""

import json
import os
import time
from collections.abc import Sequence
from typing import Any

import hiredis
import numpy as np
import pyarrow as pa

from features.layout.field import feature_field, timestamp_field
from features.layout.packed_row import packed_key
from features.materialization.calls import Call, Script, pipelines
from features.materialization.encoding.byte_strings import (
    ByteStrings,
    bytes_of,
    from_offsets,
    join,
)
from features.materialization.encoding.hash_dumps import hash_dumps
from features.materialization.encoding.values import encoded_times
from features.materialization.encoding.view_encoder import EncodedRows, ViewEncoder
from features.materialization.writer import Encoders, Written, state_key
from features.store.address import ValkeyAddress
from features.store.errors import StoreLostDataError
from features.store.valkey import ValkeyConnection, as_store_error, raise_errors

_WRITE, _CREATE = Script.of("write_rows.lua"), Script.of("create_rows.lua")

_VALUES_OF_A_CALL = 500  # the server answers nobody else during a call; longer calls do not write faster
_ROWS_OF_A_ROUND = 1 << 13
_CANNOT = ("ERR", "NOPERM")  # how errors begin of servers before 7.0, and of users that may not restore
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
        self._filled: set[str] = set()  # views most of whose entities have a hash

    def write(self, view: str, rows: pa.Table) -> Written:
        """See `OnlineWriter.write`."""
        encoder = self._encoders.of(view)
        encoded = encoder.encode(rows)
        newer = 0
        for begin in range(0, rows.num_rows, _ROWS_OF_A_ROUND):
            some = encoded.take(np.arange(begin, min(begin + _ROWS_OF_A_ROUND, rows.num_rows)))
            others = self._create(encoder, some) if view not in self._filled else some
            newer += len(some) - len(others) + self._compare(encoder, others)
        return Written(rows.num_rows, newer)

    def _create(self, encoder: ViewEncoder, rows: EncodedRows) -> EncodedRows:
        """Writes the rows of entities that have no hash, and returns the others.

        After a round in which most had one, it is not tried again: the store is not being filled but brought up to
        date. The same after an error that says that this server has no such dumps.
        """
        dumps = hash_dumps(_fields(encoder), _cells(rows))
        if dumps is None:
            self._filled.add(encoder.view.name)
            return rows
        others: list[int] = []
        first = [b"%d" % len(rows.packed)]
        arguments = [dumps, *rows.packed.values()]
        for calls in pipelines(_CREATE, first, _keys(encoder, rows), arguments, _rows_of_a_call(rows)):
            for call, reply in zip(calls, self._send(_CREATE, calls), strict=True):
                if isinstance(reply, hiredis.ReplyError):
                    if not str(reply).startswith(_CANNOT):
                        raise as_store_error(reply, self._address)
                    self._filled.add(encoder.view.name)
                    return rows
                others.extend(call.first_row + number - 1 for number in reply)
        if 2 * len(others) > len(rows):
            self._filled.add(encoder.view.name)
        return rows.take(np.array(others, np.int64))

    def _compare(self, encoder: ViewEncoder, rows: EncodedRows) -> int:
        """Writes the rows that are not older than those stored, and returns their number."""
        newer = 0
        first = [b"%d" % len(rows.values), b"%d" % len(rows.packed), *_fields(encoder)]
        arguments = [*_cells(rows), *rows.packed.values()]
        for calls in pipelines(_WRITE, first, _keys(encoder, rows), arguments, _rows_of_a_call(rows)):
            replies = self._send(_WRITE, calls)
            raise_errors(replies, self._address)
            newer += sum(replies)
        return newer

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

    def _send(self, script: Script, calls: Sequence[Call]) -> list[Any]:
        """Sends calls; those that the server refuses because it does not know the script, again."""
        replies = self._execute(calls)
        unknown = [at for at, reply in enumerate(replies) if _is_unknown_script(reply)]
        if unknown:
            self._call(b"SCRIPT", b"LOAD", script.text)
            for at, reply in zip(unknown, self._execute([calls[at] for at in unknown]), strict=True):
                replies[at] = reply
        return replies

    def _execute(self, calls: Sequence[Call]) -> list[Any]:
        requests = b"".join([call.request for call in calls])
        return self._connection.execute(requests, len(calls), time.monotonic() + self._timeout)


def _is_unknown_script(reply: Any) -> bool:
    return isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT")


def _keys(encoder: ViewEncoder, encoded: EncodedRows) -> list[ByteStrings]:
    project, view = encoder.project, encoder.view.name
    packed = [join(packed_key(project, service, view, b""), encoded.keys) for service in encoded.packed]
    return [join(encoded.keys, project.encode()), *packed]


def _fields(encoder: ViewEncoder) -> list[bytes]:
    """The fields of a hash, in the order of `_cells`."""
    view = encoder.view.name
    return [timestamp_field(view), times_field(view), *(feature_field(view, name) for name in encoder.view.features)]


def _cells(encoded: EncodedRows) -> list[ByteStrings]:
    times = np.hstack([bytes_of(encoded.event_us, "<i8"), bytes_of(encoded.created_us, "<i8")])
    both = from_offsets(np.arange(len(times) + 1, dtype=np.int64) * 16, times)
    return [encoded_times(encoded.event_us), both, *encoded.values]


def _rows_of_a_call(encoded: EncodedRows) -> int:
    return max(1, _VALUES_OF_A_CALL // (3 + len(encoded.values) + 2 * len(encoded.packed)))
