"""Servers that do what a store should not, each in a thread of the test."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

from features.store.address import ValkeyAddress

TOLERANCE = 1.0
"""Seconds that a call may take longer than its timeout, on a machine that does other things too."""


@contextlib.contextmanager
def peer(answer: Callable[[socket.socket], None]) -> Iterator[ValkeyAddress]:
    """A server that does something else than a store would, on each connection."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    stopping = threading.Event()
    open_sockets: list[socket.socket] = []

    def serve() -> None:
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                connection, _ = listening.accept()
                open_sockets.append(connection)
                threading.Thread(target=answered, args=(connection,), daemon=True).start()

    def answered(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield ValkeyAddress(port=listening.getsockname()[1])
    finally:
        stopping.set()
        thread.join()
        for each in [*open_sockets, listening]:
            each.close()


def silent(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    time.sleep(5)


def half_a_reply(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    connection.sendall(b"*2\r\n$1000\r\nbeginning")
    time.sleep(5)


def drop_by_drop(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    connection.sendall(b"*2\r\n$1000\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def not_reading(connection: socket.socket) -> None:
    time.sleep(5)
