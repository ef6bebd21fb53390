"""Closed loops over HTTP: a process of its own that asks one server the same way for some seconds.

    python -m benchmarks.features.http_load --port N --path PATH --connections N --seconds S < BODIES

Each connection sends a request, reads the whole answer, and sends the next. Standard input has the bodies, one a line,
which take turns. The requests are bytes made beforehand and answers are only counted, so that one core of this process
asks many times more than a Python server answers. The last line of output is JSON.
"""

import argparse
import json
import selectors
import socket
import sys
import time
from collections.abc import Sequence


class Connection:
    """One loop: a request on its way, or an answer that is not complete."""

    def __init__(self, port: int, requests: Sequence[bytes], first: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = requests
        self._next = first
        self._received = b""
        self._length = -1
        self.began = 0.0

    def send(self) -> None:
        """Sends the next request."""
        self._received, self._length = b"", -1
        self.began = time.perf_counter()
        self.socket.sendall(self._requests[self._next % len(self._requests)])
        self._next += 1

    def is_answered(self) -> bool:
        """Reads what is there; whether the answer is complete.

        Raises:
            ConnectionError: the server closed the connection.
            ValueError: the answer's status is not 200.
        """
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._received += data
        if self._length < 0:
            head, found, _ = self._received.partition(b"\r\n\r\n")
            if not found:
                return False
            if not head.startswith(b"HTTP/1.1 200"):
                raise ValueError(self._received[:500])
            self._length = len(head) + 4 + int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return len(self._received) >= self._length


def load(port: int, path: str, bodies: Sequence[bytes], connections: int, seconds: float) -> dict[str, float]:
    """Asks for some seconds, and returns how many answers came and how long they took."""
    requests = [
        b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (path.encode(), len(body), body)
        for body in bodies
    ]
    selector = selectors.DefaultSelector()
    opened = [Connection(port, requests, number * len(requests) // connections) for number in range(connections)]
    for connection in opened:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    latencies: list[float] = []
    began = time.perf_counter()
    for connection in opened:
        connection.send()
    while (now := time.perf_counter()) < began + seconds:
        for key, _ in selector.select(began + seconds - now):
            if key.data.is_answered():
                latencies.append(time.perf_counter() - key.data.began)
                key.data.send()
    took = time.perf_counter() - began
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": took,
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[len(latencies) * 99 // 100],
        "client_cpu": time.process_time(),
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args()
    bodies = sys.stdin.buffer.read().split(b"\n")
    print(json.dumps(load(given.port, given.path, bodies, given.connections, given.seconds)))


if __name__ == "__main__":
    main()
