"""Heads of requests: none may hold a connection or memory without end."""

import socket
import time

import pytest
from server_process import RunningServer

PART = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Part: "


def connect(server: RunningServer, seconds: float = 5.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=seconds)


def test_a_head_in_two_pieces_is_answered(server) -> None:
    with connect(server) as connection:
        for piece in (PART, b"one\r\n", b"\r\n"):
            connection.sendall(piece)
            time.sleep(0.05)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_head_without_end_is_refused(server) -> None:
    with connect(server) as connection, pytest.raises(ConnectionError):
        connection.sendall(PART + b"x" * 100_000_000)
    assert server.ask("/health").status == 200


@pytest.mark.slow
def test_a_connection_that_asks_nothing_is_closed(server) -> None:
    with connect(server, 15) as silent, connect(server, 15) as halting, connect(server, 15) as halting_later:
        halting.sendall(PART)
        halting_later.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert halting_later.recv(1_000).startswith(b"HTTP/1.1 200 OK\r\n")
        halting_later.sendall(PART)
        assert [each.recv(1) for each in (silent, halting, halting_later)] == [b"", b"", b""]
