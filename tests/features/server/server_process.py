"""Starts `tokenlake features serve` as a process of its own, and asks it by HTTP."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


class Answer:
    """Status, headers and body of an answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def column(self, name: str) -> dict[str, list[Any]]:
        """The result of a feature, by its name."""
        return self.json["results"][self.json["metadata"]["feature_names"].index(name)]


class RunningServer:
    """A server process, its ports and the events of its log."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._serving = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._serving.wait(30) or self.port == 0:
            process.kill()
            raise AssertionError(f"the server did not start: {self.events}")

    port = 0
    grpc_port = 0

    def ask(
        self, path: str, body: Any = None, headers: Mapping[str, str] | None = None, method: str | None = None
    ) -> Answer:
        """Sends a request, with a body of JSON (or of bytes as they are), on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            connection.request(method or ("GET" if data is None else "POST"), path, data, dict(headers or {}))
            found = connection.getresponse()
            return Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())
        finally:
            connection.close()

    def features(self, body: Any, **headers: str) -> Answer:
        return self.ask("/get-online-features", body, {k.replace("_", "-"): v for k, v in headers.items()})

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples with this name and these labels."""
        total = 0.0
        for line in self.ask("/metrics").body.decode().splitlines():
            found, _, value = line.rpartition(" ")
            if found.partition("{")[0] == name and all(f'{key}="{text}"' in found for key, text in labels.items()):
                total += float(value)
        return total

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(20)
        self._reader.join(5)
        return status

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": "text", "text": line}
            self.events.append(event)
            if event["event"] == "serving":
                self.port, self.grpc_port = event["port"], event["grpc_port"]
                self._serving.set()
        self._serving.set()


def command(lake: Path | str, *options: str) -> list[str]:
    """The command line of a server on free ports, with a deadline that a machine under load keeps, too."""
    words = ["-m", "jobs", "features", "serve", str(lake), "--port", "0", "--grpc-port", "0", "--timeout", "10"]
    return [sys.executable, *words, "--log-json", *options]


@contextmanager
def serving(lake: Path | str, *options: str) -> Iterator[RunningServer]:
    """A server that accepts requests; the end of the block stops it."""
    process = subprocess.Popen(command(lake, *options), stderr=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ)
    server = RunningServer(process)
    try:
        yield server
    finally:
        server.stop()
