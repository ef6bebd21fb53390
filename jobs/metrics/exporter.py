"""Serves figures over HTTP. Values are read when somebody asks, not more often than asked for.

A reading goes on in a thread of its own: a store that is away makes it slow, and Prometheus, which waits ten seconds,
still gets the last values, with `tokenlake_scrape_success` 0.
"""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from jobs.metrics import catalogue
from jobs.metrics.exposition import CONTENT_TYPE, text
from jobs.metrics.metric import Sample

Read = Callable[[], Sequence[Sample]]
"""Reads all figures, or raises whatever keeps it from doing so."""

_PATIENCE = 5.0  # seconds that a request waits for a reading


class Readings:
    """The last values of some figures.

    Args:
        read: reads them.
        every: seconds between the begins of two readings, at least.
        failed: is told each error of a reading.
    """

    def __init__(self, read: Read, every: float, failed: Callable[[Exception], None]) -> None:
        self._read, self._every, self._failed = read, every, failed
        self._state = threading.Condition()
        self._samples: Sequence[Sample] = catalogue.SCRAPE_SUCCESS(0)
        self._started, self._reading, self._is_good = float("-inf"), False, False

    def samples(self) -> list[Sample]:
        """The newest values; those before where a reading failed, or takes long."""
        with self._state:
            if not self._reading and time.monotonic() - self._started >= self._every:
                self._started, self._reading = time.monotonic(), True
                threading.Thread(target=self._renew, daemon=True).start()
            in_time = self._state.wait_for(lambda: not self._reading, _PATIENCE)
            success = catalogue.SCRAPE_SUCCESS(in_time and self._is_good)
            return [*success, *(each for each in self._samples if each.metric is not catalogue.SCRAPE_SUCCESS)]

    def _renew(self) -> None:
        found: Sequence[Sample] | None = None
        try:
            found = self._read()
        except Exception as error:  # whatever it is, the next reading may succeed
            self._failed(error)
        finally:
            with self._state:
                self._samples = self._samples if found is None else found
                self._is_good, self._reading = found is not None, False
                self._state.notify_all()


def server(address: tuple[str, int], lake: str, collect: Callable[[], Sequence[Sample]]) -> ThreadingHTTPServer:
    """An HTTP server that answers `/metrics` and `/healthz`; `serve_forever` runs it.

    Args:
        address: (host, port) to listen at; port 0 is any free one.
        lake: the label of all values.
        collect: gives the values for one answer.

    Raises:
        OSError: it cannot listen there.
    """

    class Handler(_Handler):
        answers: ClassVar = {"/metrics": lambda: text(collect(), lake), "/healthz": lambda: "ok\n"}

    return (_Server6 if ":" in address[0] else _Server)(address, Handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = True


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, Callable[[], str]]] = {}
    timeout = 30  # seconds for a client to ask

    def do_GET(self) -> None:
        answer = self.answers.get(self.path.partition("?")[0])
        if answer is None:
            self.send_error(HTTPStatus.NOT_FOUND, explain="/metrics and /healthz are served here")
            return
        body = answer().encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: one line a scrape would tell nobody anything."""
