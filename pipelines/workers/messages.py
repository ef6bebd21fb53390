"""Messages on the socket between a task and its worker: a kind, a length, and that many bytes.

Record batches travel as Arrow IPC streams of one batch each: the sender's columns go straight from their buffers to
the socket, and the receiver's columns are slices of the one buffer that the message was received into.
"""

import socket
import struct
from collections.abc import Sequence
from enum import IntEnum
from itertools import islice

import pyarrow as pa

from pipelines.errors import TokenlakeError

_HEADER = struct.Struct("<BQ")
_PARTS_AT_ONCE = 256  # POSIX guarantees 16, Linux and macOS take 1024


class Kind(IntEnum):
    """The kind of a message. The worker reads a message only after it has requested one."""

    TASK = 1  # to the worker: run the function with this digest. From the worker: it has that function
    FUNCTION = 2  # from the worker: request for the function. To the worker: the function, pickled
    NEXT = 3  # from the worker: request for the next batch
    BATCH = 4  # to the worker: a batch of the input. From the worker: a batch of the output
    END = 5  # to the worker: there are no more batches. From the worker: the task is done
    ERROR = 6  # from the worker: the function raised this


class HangupError(TokenlakeError):
    """The other process has closed the connection."""


def send(connection: socket.socket, kind: Kind, parts: Sequence[bytes | pa.Buffer] = ()) -> None:
    """Sends one message, whose body is the parts one after the other.

    Raises:
        HangupError: the other process has closed the connection.
    """
    views = [memoryview(part).cast("B") for part in parts if len(part)]
    views.insert(0, memoryview(_HEADER.pack(kind, sum(map(len, views)))))
    first = 0
    try:
        while first < len(views):
            sent = connection.sendmsg(islice(views, first, first + _PARTS_AT_ONCE))
            while first < len(views) and sent >= len(views[first]):
                sent -= len(views[first])
                first += 1
            if sent:
                views[first] = views[first][sent:]
    except OSError as error:
        raise HangupError from error


def receive(connection: socket.socket) -> tuple[Kind, pa.Buffer]:
    """Waits for the next message.

    Raises:
        HangupError: the other process has closed the connection.
    """
    header = bytearray(_HEADER.size)
    _fill(connection, memoryview(header))
    kind, size = _HEADER.unpack(header)
    body = pa.allocate_buffer(size)
    _fill(connection, memoryview(body).cast("B"))
    return Kind(kind), body


def encoded(batch: pa.RecordBatch) -> list[bytes | pa.Buffer]:
    """A batch as parts of a message; its buffers are not copied, and must not change until the message is sent."""
    parts = _Parts()
    with pa.ipc.new_stream(parts, batch.schema) as writer:
        writer.write_batch(batch)
    return parts.written


def decoded(body: pa.Buffer) -> pa.RecordBatch:
    """The batch of a message, without a copy."""
    return pa.ipc.open_stream(body).read_next_batch()


def _fill(connection: socket.socket, view: memoryview) -> None:
    while view:
        try:
            count = connection.recv_into(view)
        except OSError as error:
            raise HangupError from error
        if not count:
            raise HangupError
        view = view[count:]


class _Parts:
    """A file object that collects what Arrow writes: bytes for metadata, uncopied buffers for columns."""

    closed = False

    def __init__(self) -> None:
        self.written: list[bytes | pa.Buffer] = []

    def write(self, data: bytes | pa.Buffer) -> int:
        self.written.append(data)
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
