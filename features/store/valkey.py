"""A connection to Valkey or Redis that sends whole pipelines and keeps deadlines.

The protocol is RESP 2, parsed by hiredis. A request is made once as bytes, often thousands of commands, and its
replies are read while it is still being sent, so that neither side waits for the other's full buffer.
"""

import select
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import hiredis

from features.store.address import ValkeyAddress
from features.store.errors import StoreError, StoreFullError, StoreTimeoutError, StoreUnavailableError

_READ_BYTES = 1 << 18
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
        left = min(self._connect_timeout, deadline - time.monotonic())
        if left <= 0:
            raise StoreTimeoutError(f"online store {self.address}: no time left to connect")
        try:
            self._socket = _connected(self.address, left)
        except TimeoutError as error:
            raise StoreTimeoutError(
                f"online store {self.address} did not accept a connection in {left:.2f} s"
            ) from error
        except OSError as error:
            raise StoreUnavailableError(f"online store {self.address} cannot be reached: {error}") from error
        self._reader = hiredis.Reader()
        first = greeting(self.address)
        if first:
            for reply in self.execute(b"".join(first), len(first), deadline):
                if isinstance(reply, hiredis.ReplyError):
                    self.close()
                    raise as_store_error(reply, self.address)

    def _exchange(self, request: bytes, replies: int, deadline: float) -> list[Any]:
        connection, reader = self._socket, self._reader
        assert connection is not None
        found: list[Any] = []
        unsent = memoryview(request)
        try:
            while len(found) < replies:
                if unsent:
                    with suppress(BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                        unsent = unsent[connection.send(unsent[: 1 << 20]) :]
                self._wait(connection, bool(unsent), deadline)
                with suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    while data := connection.recv(_READ_BYTES):
                        reader.feed(data)
                        if len(data) < _READ_BYTES:
                            break
                    else:
                        raise StoreUnavailableError(f"online store {self.address} closed the connection")
                _take(reader, found, replies)
        except (OSError, hiredis.ProtocolError) as error:
            if isinstance(error, StoreError):
                raise
            raise StoreUnavailableError(f"online store {self.address}: {error}") from error
        return found

    def _wait(self, connection: socket.socket, sending: bool, deadline: float) -> None:
        """Until the connection can be read, or, while sending, written."""
        if isinstance(connection, ssl.SSLSocket) and connection.pending():
            return
        left = deadline - time.monotonic()
        poll = select.poll()
        poll.register(connection, select.POLLIN | (select.POLLOUT if sending else 0))
        if left <= 0 or not poll.poll(left * 1000):
            raise StoreTimeoutError(f"online store {self.address} did not answer in time")


def _take(reader: Any, found: list[Any], replies: int) -> None:
    """Moves complete replies from the parser to the list."""
    while len(found) < replies:
        reply = reader.gets()
        if reply is False:
            return
        found.append(reply)


def _connected(address: ValkeyAddress, timeout: float) -> socket.socket:
    if address.socket is not None:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(timeout)
        made.connect(address.socket)
    else:
        made = socket.create_connection((address.host, address.port), timeout)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.tls:
            made = tls_context().wrap_socket(made, server_hostname=address.host)
    made.setblocking(False)
    return made


def tls_context() -> "ssl.SSLContext":
    """Verifies the server by the system's certificates; `SSL_CERT_FILE` names others."""
    return ssl.create_default_context()


def raise_errors(replies: Sequence[Any], address: object) -> None:
    """Raises the first error among replies.

    Raises:
        StoreError: there is one.
    """
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            raise as_store_error(reply, address)
