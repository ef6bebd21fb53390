"""uvicorn's HTTP protocol, with the head and the body of an answer in one write.

uvicorn writes them one after the other, and uvloop makes a system call of each write: the second call, and the second
packet that the client wakes up for, cost more than everything that a small lookup does in Python.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "
_HEAD_END = b"\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 "


class OneWriteProtocol(HttpToolsProtocol):
    """A connection whose transport holds the head of an answer until its body comes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Called by the loop."""
        self._holding = _Holding(transport)
        super().connection_made(self._holding)  # type: ignore[arg-type]

    def on_response_complete(self) -> None:
        """Called when an answer is complete, also one without a body, as to HEAD."""
        self._holding.flush()
        super().on_response_complete()


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

    def close(self) -> None:
        """Closes the connection after what is held."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
