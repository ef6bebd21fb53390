"""uvicorn's HTTP protocol, with the head and the body of an answer in one write, and limits on the head of a request.

uvicorn writes them one after the other, and uvloop makes a system call of each write: the second call, and the second
packet that the client wakes up for, cost more than everything that a small lookup does in Python.

uvicorn waits without end for the head of a request, and keeps all of it: any client could hold connections and memory.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "
_HEAD_END = b"\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 "
_HEAD_SECONDS = 10.0
_HEAD_BYTES = 64 << 10


class OneWriteProtocol(HttpToolsProtocol):
    """A connection whose transport holds the head of an answer until its body comes.

    Each head of a request must be there `_HEAD_SECONDS` after its first piece, or after the connection was made. One
    that comes in pieces may have about `_HEAD_BYTES`.
    """

    _holding: "_Holding"
    _late: asyncio.TimerHandle | None = None
    _in_head = False
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Called by the loop."""
        self._holding = _Holding(transport)
        super().connection_made(self._holding)  # type: ignore[arg-type]
        self._late = self.loop.call_later(_HEAD_SECONDS, self._holding.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._forget_late()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and not self._holding.is_closing():
            self._wait_for_head()

    def on_message_begin(self) -> None:
        """Called by the parser when a request begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Called by the parser when it has the head of a request."""
        self._in_head = False
        self._forget_late()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Called when an answer is complete, also one without a body, as to HEAD."""
        self._holding.flush()
        super().on_response_complete()

    def _wait_for_head(self) -> None:
        if self._head_bytes > _HEAD_BYTES:
            self.send_400_response(f"The head of a request has at most {_HEAD_BYTES} bytes.")
        elif self._late is None:
            self._late = self.loop.call_later(_HEAD_SECONDS, self._holding.close)

    def _forget_late(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class _Holding:
    """A transport that writes the head of an answer together with what follows it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def write(self, data: bytes) -> None:
        """Holds the head of an answer; writes everything else, after what is held."""
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(_HEAD) and data.endswith(_HEAD_END) and not data.startswith(_CONTINUE):
            self._held = data
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Writes what is held."""
        if self._held:
            self._transport.write(self._held)
            self._held = b""

    def is_closing(self) -> bool:
        """Whether the connection is closed, or about to be."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Closes the connection after what is held."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
