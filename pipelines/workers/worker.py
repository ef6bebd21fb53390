"""A worker process: runs the tasks that come over its socket, one after the other, until the socket is closed."""

import logging
import pickle
import socket
import sys
from collections import OrderedDict
from collections.abc import Iterator

import pyarrow as pa

from pipelines.workers.failure import packed
from pipelines.workers.messages import HangupError, Kind, decoded, encoded, receive, send
from pipelines.workers.pickled import BatchFunction

_log = logging.getLogger(__name__)

# Functions kept. Some refer to large lists, so old ones are dropped.
_REMEMBERED = 16


def serve(connection: socket.socket) -> None:
    """Runs tasks until the other side closes the connection."""
    functions: OrderedDict[bytes, BatchFunction] = OrderedDict()
    try:
        while True:
            _, digest = receive(connection)
            send(connection, *_outcome(connection, digest.to_pybytes(), functions))
            sys.stdout.flush()
    except HangupError:
        return


def _outcome(
    connection: socket.socket, digest: bytes, functions: "OrderedDict[bytes, BatchFunction]"
) -> tuple[Kind, list[bytes]]:
    """Runs one task; returns its last message, END or ERROR."""
    try:
        function = _function(connection, digest, functions)
        _log.debug("task of %s", getattr(function, "__qualname__", function))
        for batch in function(_input(connection)):
            if not isinstance(batch, pa.RecordBatch):
                raise TypeError(f"the function yielded {type(batch).__name__}, not pyarrow.RecordBatch")
            send(connection, Kind.BATCH, encoded(batch))
    except HangupError:
        raise
    except BaseException as error:  # also SystemExit: a function must not end the worker
        return Kind.ERROR, [packed(error)]
    return Kind.END, []


def _function(
    connection: socket.socket, digest: bytes, functions: "OrderedDict[bytes, BatchFunction]"
) -> BatchFunction:
    """The function with this digest; requested and unpickled when this worker does not have it."""
    send(connection, Kind.TASK if digest in functions else Kind.FUNCTION)
    if digest not in functions:
        _, payload = receive(connection)
        functions[digest] = pickle.loads(payload)
    functions.move_to_end(digest)
    if len(functions) > _REMEMBERED:
        functions.popitem(last=False)
    return functions[digest]


def _input(connection: socket.socket) -> Iterator[pa.RecordBatch]:
    while True:
        send(connection, Kind.NEXT)
        kind, body = receive(connection)
        if kind is Kind.END:
            return
        yield decoded(body)
