"""Several server processes on one port: the kernel spreads connections over them (SO_REUSEPORT).

This process serves nothing itself. It starts the workers, starts another for one that dies, and passes on the signal
to stop. Workers see its end at their standard input, and end too.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from prometheus_client.multiprocess import mark_process_dead

from features.server.listening import bind
from features.server.log import Log
from features.server.metrics import FOLDER
from features.server.process import Ports
from features.server.settings import ServerSettingsError, Settings

_RESTART_SECONDS = 1.0
_STEP_SECONDS = 0.1


def run_workers(settings: Settings, log: Log, announce: Callable[[Ports], None]) -> None:
    """Serves with `settings.workers` processes until a signal says stop.

    Raises:
        ServerSettingsError: an address cannot be bound, or a worker cannot start.
    """
    stop = threading.Event()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    http = bind(settings.host, settings.port, shared=True)  # held, never listening: the port stays ours
    grpc = None if settings.grpc_port is None else bind(settings.host, settings.grpc_port, shared=True)
    ports = Ports(http.getsockname()[1], None if grpc is None else grpc.getsockname()[1])
    settings = replace(settings, port=ports.http, grpc_port=ports.grpc)
    with tempfile.TemporaryDirectory(prefix="tokenlake-metrics-") as folder:
        workers: list[subprocess.Popen[bytes]] = []
        try:
            workers += [_started(settings, folder) for _ in range(settings.workers)]
            for worker in workers:
                _await_start(worker)
            announce(ports)
            while not stop.wait(_STEP_SECONDS):
                _replace_dead(workers, settings, folder, log, stop)
        finally:
            _end(workers, settings)


def _started(settings: Settings, folder: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, FOLDER: folder, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "features.server.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # Ctrl-C reaches this process alone, which passes it on
    )
    assert worker.stdin is not None
    data = pickle.dumps(settings)
    with suppress(BrokenPipeError):
        worker.stdin.write(len(data).to_bytes(4, "big") + data)
        worker.stdin.flush()
    return worker


def _await_start(worker: "subprocess.Popen[bytes]") -> None:
    """Returns when a worker listens.

    Raises:
        ServerSettingsError: it cannot.
    """
    assert worker.stdout is not None
    line = worker.stdout.readline()
    said = json.loads(line) if line else {"error": f"a worker ended with status {worker.wait()}"}
    if "error" in said:
        raise ServerSettingsError(said["error"])


def _replace_dead(
    workers: "list[subprocess.Popen[bytes]]", settings: Settings, folder: str, log: Log, stop: threading.Event
) -> None:
    for place, worker in enumerate(workers):
        status = worker.poll()
        if status is None:
            continue
        log.event("worker_died", f"worker {worker.pid} ended with status {status}; another starts", status=status)
        mark_process_dead(worker.pid, folder)  # type: ignore[no-untyped-call]
        if not stop.wait(_RESTART_SECONDS):
            workers[place] = _started(settings, folder)


def _end(workers: "list[subprocess.Popen[bytes]]", settings: Settings) -> None:
    for worker in workers:
        with suppress(ProcessLookupError):
            worker.send_signal(signal.SIGTERM)
    longest = settings.drain + settings.linger + max(settings.timeout, settings.push_timeout) + 5
    for worker in workers:
        try:
            worker.wait(longest)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
