"""HTTP as clients speak it that are not ours: bytes on a socket."""

import json
import socket
from collections.abc import Iterator

import pytest
from server_process import RunningServer

BODY = json.dumps({"feature_service": "mixture", "entities": {"source": ["source-7"]}}).encode()
HEAD = b"POST /get-online-features HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(BODY)


@pytest.fixture
def connection(server: RunningServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as opened:
        yield opened


def answers(connection: socket.socket, count: int) -> list[tuple[bytes, bytes]]:
    """Head and body of each answer."""
    stream, found = connection.makefile("rb"), []
    for _ in range(count):
        head = b"".join(iter(stream.readline, b"\r\n"))
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        found.append((head, stream.read(length)))
    return found


def documents(body: bytes) -> list[int]:
    return json.loads(body)["results"][1]["values"]


def test_head_and_body_come_at_once(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n" + BODY)
    head, _, body = connection.recv(1 << 20).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert documents(body) == [7]


def test_a_client_that_asks_whether_it_may_go_on_is_told_so(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Expect: 100-continue\r\n\r\n")
    assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(BODY)
    ((_, body),) = answers(connection, 1)
    assert documents(body) == [7]


def test_a_body_may_come_in_pieces_and_chunks(connection: socket.socket) -> None:
    connection.sendall(b"POST /get-online-features HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for piece in (BODY[:10], BODY[10:]):
        connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
    connection.sendall(b"0\r\n\r\n")
    ((_, body),) = answers(connection, 1)
    assert documents(body) == [7]


def test_requests_that_do_not_wait_are_answered_in_order(connection: socket.socket) -> None:
    other = BODY.replace(b"source-7", b"source-8")
    connection.sendall(HEAD + b"\r\n" + BODY + HEAD + b"\r\n" + other + HEAD + b"\r\n" + BODY)
    assert [documents(body) for _, body in answers(connection, 3)] == [[7], [8], [7]]


def test_an_old_client_is_answered_and_the_connection_closed(connection: socket.socket) -> None:
    connection.sendall(HEAD.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n" + BODY)
    ((_, body),) = answers(connection, 1)
    assert documents(body) == [7]
    assert connection.recv(10) == b""


def test_an_answer_without_body_does_not_wait_for_one(connection: socket.socket) -> None:
    connection.sendall(b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
    connection.sendall(HEAD + b"\r\n" + BODY)
    assert documents(answers(connection, 1)[0][1]) == [7]


def test_what_is_no_http_is_refused(connection: socket.socket) -> None:
    connection.sendall(b"\x16\x03\x01\x00\xa5\x01\x00")  # a client that expects TLS
    assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
    assert connection.recv(10) == b""
