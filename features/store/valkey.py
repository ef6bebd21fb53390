"""A connection to Valkey or Redis that sends whole pipelines and keeps deadlines.

The protocol is RESP 2, parsed by hiredis. A request is made once as bytes, often thousands of commands, and its
replies are read while it is still being sent, so that neither side waits for the other's full buffer.
"""

import select
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import hiredis

from features.store.address import ValkeyAddress
from features.store.connecting import connected
from features.store.errors import StoreError, StoreFullError, StoreTimeoutError, StoreUnavailableError

if TYPE_CHECKING:
    import ssl

_READ_BYTES = 1 << 17
_SEND_BYTES = 1 << 20
_UNAVAILABLE = ("LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MISCONF", "MOVED")


def command(*parts: bytes) -> bytes:
    """One command as bytes."""
    return b"*%d\r\n" % len(parts) + b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in parts])


def as_store_error(reply: Exception, address: object) -> StoreError:
    """The error that an error reply of the server means."""
    words = str(reply)
    code = words.partition(" ")[0]
    if code == "OOM":
        return StoreFullError(f"online store {address} is full: {words}")
    if code in _UNAVAILABLE:
        return StoreUnavailableError(f"online store {address}: {words}")
    if code in ("NOAUTH", "WRONGPASS"):
        words += " Give the right password in its URL: valkey://:PASSWORD@HOST:PORT/DATABASE"
    return StoreError(f"online store {address}: {words}")


def greeting(address: ValkeyAddress) -> list[bytes]:
    """The commands that begin a connection."""
    commands = []
    if address.password is not None:
        names = [address.username.encode()] if address.username else []
        commands.append(command(b"AUTH", *names, address.password.encode()))
    if address.database:
        commands.append(command(b"SELECT", b"%d" % address.database))
    return commands


class ValkeyConnection:
    """One connection, opened at first use and again after a failure. Not for several threads at once.

    Args:
        address: of the server.
        connect_timeout: seconds that opening may take, if the deadline is not earlier.
    """

    def __init__(self, address: ValkeyAddress, connect_timeout: float = 2.0) -> None:
        self.address = address
        self._connect_timeout = connect_timeout
        self._socket: socket.socket | None = None
        self._reader: Any = None
        self._poll: Any = None
        self._is_sending = False
        self._try_again: tuple[type[OSError], ...] = ()
        self._buffer = bytearray(_READ_BYTES)

    def execute(self, request: bytes, replies: int, deadline: float) -> list[Any]:
        """Sends a pipeline and returns its replies in order; an error reply is an item of type `hiredis.ReplyError`.

        Args:
            request: commands, see `command`.
            replies: how many commands these are.
            deadline: on the clock of `time.monotonic`.

        Raises:
            StoreTimeoutError: not all replies came in time.
            StoreUnavailableError: the server cannot be reached, or closed the connection.
        """
        if self._socket is None:
            self._open(deadline)
        try:
            return self._exchange(request, replies, deadline)
        except BaseException:
            self.close()  # replies that are still to come must not be taken for those of the next request
            raise

    def call(self, *parts: bytes, deadline: float) -> Any:
        """Sends one command and returns its reply.

        Raises:
            StoreError: as `execute`, or the reply is an error.
        """
        (reply,) = self.execute(command(*parts), 1, deadline)
        if isinstance(reply, hiredis.ReplyError):
            raise as_store_error(reply, self.address)
        return reply

    def close(self) -> None:
        """Closes the connection; the next request opens it again."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket = None

    def _open(self, deadline: float) -> None:
        now = time.monotonic()
        until = min(deadline, now + self._connect_timeout)
        try:
            self._socket = connected(self.address, until)
        except TimeoutError as error:
            raise StoreTimeoutError(
                f"online store {self.address} did not accept a connection in {max(until - now, 0.0):.2f} s"
            ) from error
        except OSError as error:
            raise StoreUnavailableError(f"online store {self.address} cannot be reached: {error}") from error
        self._try_again = _try_again(self.address.tls)
        self._reader = hiredis.Reader()
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._is_sending = False
        first = greeting(self.address)
        if first:
            for reply in self.execute(b"".join(first), len(first), deadline):
                if isinstance(reply, hiredis.ReplyError):
                    self.close()
                    raise as_store_error(reply, self.address)

    def _exchange(self, request: bytes, replies: int, deadline: float) -> list[Any]:
        found: list[Any] = []
        try:
            unsent = self._sent(memoryview(request))
            while True:
                self._wait(bool(unsent), deadline)
                if unsent:
                    unsent = self._sent(unsent)
                self._receive()
                _take(self._reader, found, replies)
                if len(found) == replies:
                    return found
        except hiredis.ProtocolError as error:
            raise StoreUnavailableError(
                f"online store {self.address}: {error}; does another program listen there, or a store with TLS?"
            ) from error
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreUnavailableError(f"online store {self.address}: {error}") from error

    def _sent(self, unsent: memoryview) -> memoryview:
        """Sends what can be sent without waiting; the rest."""
        assert self._socket is not None
        try:
            return unsent[self._socket.send(unsent[:_SEND_BYTES]) :]
        except self._try_again:
            return unsent

    def _receive(self) -> None:
        """Gives the parser what has come."""
        assert self._socket is not None
        try:
            received = self._socket.recv_into(self._buffer)
        except self._try_again:
            return
        if not received:
            raise StoreUnavailableError(f"online store {self.address} closed the connection")
        self._reader.feed(self._buffer, 0, received)

    def _wait(self, sending: bool, deadline: float) -> None:
        """Until the connection can be read, or, while sending, written."""
        left = deadline - time.monotonic()
        if left > 0:
            if self._has_read_ahead():
                return
            if sending != self._is_sending:
                self._is_sending = sending
                self._poll.modify(self._socket, select.POLLIN | (select.POLLOUT if sending else 0))
            if self._poll.poll(left * 1000):
                return
        raise StoreTimeoutError(f"online store {self.address} did not answer in time")

    def _has_read_ahead(self) -> bool:
        """Whether TLS has decrypted more than was taken: then the socket itself may stay silent."""
        return self.address.tls and cast("ssl.SSLSocket", self._socket).pending() > 0


def _take(reader: Any, found: list[Any], replies: int) -> None:
    """Moves complete replies from the parser to the list."""
    take = reader.gets
    while len(found) < replies and (reply := take()) is not False:
        found.append(reply)


def _try_again(tls: bool) -> tuple[type[OSError], ...]:
    """What a socket raises that would have to wait."""
    if not tls:
        return (BlockingIOError,)
    import ssl

    return BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError


def raise_errors(replies: Sequence[Any], address: object) -> None:
    """Raises the first error among replies.

    Raises:
        StoreError: there is one.
    """
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            raise as_store_error(reply, address)
