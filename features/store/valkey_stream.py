"""A connection to Valkey or Redis in an event loop, which many tasks share: requests go out as they come, and replies
come back in the same order."""

import asyncio
import time
from collections import deque
from typing import Any, cast

import hiredis

from features.store.address import ValkeyAddress
from features.store.connecting import tls_context
from features.store.errors import StoreError, StoreTimeoutError, StoreUnavailableError
from features.store.valkey import as_store_error, greeting


class _Sent:
    """A request whose replies are to come. Its task may have given up; the replies are then taken and dropped."""

    __slots__ = ("count", "heard", "replies", "result", "timer")

    def __init__(self, count: int, result: "asyncio.Future[list[Any]]", heard: int) -> None:
        self.count = count
        self.replies: list[Any] = []
        self.result = result
        self.heard = heard  # bytes that had come when it was sent
        self.timer: asyncio.TimerHandle | None = None


class ValkeyStream(asyncio.Protocol):
    """One connection. `open_stream` makes it; a task of its loop calls `execute`."""

    def __init__(self, address: ValkeyAddress) -> None:
        self.address = address
        self.is_open = False
        self._transport: asyncio.Transport | None = None
        self._reader: Any = hiredis.Reader()
        self._sent: deque[_Sent] = deque()
        self._unsent: list[bytes] = []  # requests of this turn of the loop, which go out together
        self._heard = 0
        self._loop = asyncio.get_running_loop()

    def execute(self, request: bytes, count: int, deadline: float) -> "asyncio.Future[list[Any]]":
        """Sends a pipeline of `count` commands; the future brings its replies in order.

        An error reply is an item of type `hiredis.ReplyError`. The future may be cancelled. It ends by the deadline,
        on the clock of `time.monotonic`, with StoreTimeoutError; with StoreUnavailableError if the connection is lost.
        """
        sent = _Sent(count, self._loop.create_future(), self._heard)
        if not self.is_open or self._transport is None:
            sent.result.set_exception(StoreUnavailableError(f"online store {self.address}: the connection is closed"))
            return sent.result
        sent.timer = self._loop.call_later(deadline - time.monotonic(), self._expire, sent)
        self._sent.append(sent)
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(request)
        return sent.result

    def close(self, error: Exception | None = None) -> None:
        """Closes the connection. What waits for replies fails."""
        if self._transport is not None:
            self._transport.abort()
        self._fail(error)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not derive from it
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._heard += len(data)
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                self._take(reply)
        except (hiredis.ProtocolError, IndexError) as error:  # or a reply that nobody waits for
            self.close(error)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        self._fail(error)

    def _flush(self) -> None:
        if self._transport is not None and self.is_open:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def _take(self, reply: Any) -> None:
        first = self._sent[0]
        first.replies.append(reply)
        if len(first.replies) < first.count:
            return
        self._sent.popleft()
        assert first.timer is not None
        first.timer.cancel()
        if not first.result.done():
            first.result.set_result(first.replies)

    def _expire(self, sent: _Sent) -> None:
        if sent.result.done():
            return
        sent.result.set_exception(StoreTimeoutError(f"online store {self.address} did not answer in time"))
        if sent.heard == self._heard:  # nothing came since: the server is gone without a word, or hangs
            self.close()

    def _fail(self, error: Exception | None) -> None:
        self.is_open = False
        words = f": {error}" if error else ""
        while self._sent:
            sent = self._sent.popleft()
            if sent.timer is not None:
                sent.timer.cancel()
            if not sent.result.done():
                sent.result.set_exception(
                    StoreUnavailableError(f"online store {self.address}: the connection was lost{words}")
                )


async def open_stream(address: ValkeyAddress, timeout: float) -> ValkeyStream:
    """A connection, greeted.

    Raises:
        StoreTimeoutError: it took longer than `timeout` seconds.
        StoreUnavailableError: the server cannot be reached.
        StoreError: it refuses the password or the database.
    """
    deadline = time.monotonic() + timeout
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            if address.socket is not None:
                _, stream = await loop.create_unix_connection(lambda: ValkeyStream(address), address.socket)
            else:
                context = tls_context() if address.tls else None
                _, stream = await loop.create_connection(
                    lambda: ValkeyStream(address), address.host, address.port, ssl=context
                )
    except TimeoutError as error:
        raise StoreTimeoutError(f"online store {address} did not accept a connection in {timeout:.2f} s") from error
    except OSError as error:
        raise StoreUnavailableError(f"online store {address} cannot be reached: {error}") from error
    commands = greeting(address)
    if commands:
        try:
            replies = await stream.execute(b"".join(commands), len(commands), deadline)
            _raise_first(replies, address)
        except StoreError:
            stream.close()
            raise
    return stream


def _raise_first(replies: list[Any], address: ValkeyAddress) -> None:
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            raise as_store_error(reply, address)
