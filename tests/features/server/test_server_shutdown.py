"""The end of a server: every request that it took is answered whole, and the exit status is 0."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest
from served_rows import REQUEST
from server_process import serving

from features.server.protos import serving_pb2 as messages

LOAD = """
import json, socket, sys, threading

port, body, connection_header = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3].encode()
head = b"POST /get-online-features HTTP/1.1\\r\\nHost: x\\r\\nConnection: %b\\r\\nContent-Length: %d\\r\\n\\r\\n"
request = head % (connection_header, len(body)) + body
counts = {"answered": 0, "lost": 0, "refused": 0}
lock = threading.Lock()


def ask_for_ever():
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        except ConnectionError:
            with lock:
                counts["refused"] += 1
            return
        with connection, connection.makefile("rb") as answers:
            while True:
                try:
                    connection.sendall(request)
                    status = answers.readline()
                    headers = {}
                    while (line := answers.readline().strip()):
                        name, _, value = line.partition(b": ")
                        headers[name.lower()] = value
                    whole = json.loads(answers.read(int(headers[b"content-length"])))
                    assert status.startswith(b"HTTP/1.1 200") and "results" in whole
                except Exception as error:
                    with lock:
                        counts["lost"] += 1
                        counts["why"] = repr(error)
                    return
                with lock:
                    counts["answered"] += 1
                if headers.get(b"connection") == b"close":
                    break


threads = [threading.Thread(target=ask_for_ever) for _ in range(4)]
for thread in threads:
    thread.start()
print("started", flush=True)
for thread in threads:
    thread.join()
print(json.dumps(counts))
"""


@pytest.mark.parametrize(
    ("number", "connections", "workers"),
    [
        (signal.SIGTERM, "keep-alive", 1),
        (signal.SIGINT, "close", 1),
        pytest.param(signal.SIGTERM, "close", 2, marks=pytest.mark.slow),
    ],
)
def test_no_request_is_lost_when_the_server_is_told_to_stop(
    filled_valkey: str, tmp_path: Path, number: signal.Signals, connections: str, workers: int
) -> None:
    """Neither on connections that stay, nor on those that are made for each request."""
    with serving(tmp_path, "--online", filled_valkey, "--workers", str(workers)) as server:
        words = [sys.executable, "-c", LOAD, str(server.port), json.dumps(REQUEST), connections]
        load = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert load.stdout is not None
        assert load.stdout.readline() == "started\n"
        time.sleep(0.7)
        server.process.send_signal(number)
        assert server.process.wait(15) == 0
        counts = json.loads(load.communicate(timeout=15)[0])
    assert counts["lost"] == 0, counts
    assert counts["answered"] > 100
    assert counts["refused"] == 4


def test_while_it_drains_it_answers_and_is_not_ready(filled_valkey: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--online", filled_valkey, "--drain", "1.5") as server:
        server.process.terminate()
        time.sleep(0.4)
        assert server.ask("/ready").status == 503
        assert server.ask("/health").status == 200
        found = server.features(REQUEST)
        assert (found.status, found.headers["connection"]) == (200, "close")
        assert server.process.wait(10) == 0


def test_an_idle_connection_does_not_hold_the_server_up(filled_valkey: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--online", filled_valkey) as server, socket.create_connection(("127.0.0.1", server.port)):
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 5


def test_grpc_calls_are_answered_or_never_taken(filled_valkey: str, tmp_path: Path) -> None:
    sent = messages.GetOnlineFeaturesRequest(feature_service="mixture")
    sent.entities["source"].val.add(string_val="source-1")
    data, answered, ends = sent.SerializeToString(), [], []

    def ask_for_ever() -> None:
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", (("grpc.enable_retries", 0),)) as channel:
            call = channel.unary_unary("/feast.serving.ServingService/GetOnlineFeatures")
            while True:
                try:
                    answered.append(call(data, timeout=10))
                except grpc.RpcError as error:
                    ends.append((error.code(), error.details()))
                    return

    with serving(tmp_path, "--online", filled_valkey) as server:
        threads = [threading.Thread(target=ask_for_ever) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.7)
        assert server.stop() == 0
        for thread in threads:
            thread.join(15)
    assert len(answered) > 50
    assert ends == [(grpc.StatusCode.UNAVAILABLE, "the server is stopping; ask another one")] * 3


def test_workers_share_a_port_add_up_their_metrics_and_are_replaced(filled_valkey: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--online", filled_valkey, "--workers", "2") as server:
        for _ in range(40):
            assert server.features(REQUEST).status == 200
        assert _health(server.grpc_port) == b"\x08\x01"
        counted = [server.metric("tokenlake_features_requests_total", status="200") for _ in range(4)]
        assert counted == [40.0] * 4
        children = _children(server.process.pid)
        assert len(children) == 2
        os.kill(children[0], signal.SIGKILL)
        end = time.monotonic() + 15
        while len(set(_children(server.process.pid)) - {children[0]}) < 2:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert server.metric("tokenlake_features_requests_total", status="200") >= 40
        assert server.stop() == 0
    assert [pid for pid in children if os.path.exists(f"/proc/{pid}/stat")] == []


@pytest.mark.slow
def test_workers_end_with_the_process_that_started_them(filled_valkey: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--online", filled_valkey, "--workers", "2") as server:
        children = _children(server.process.pid)
        server.process.kill()
        end = time.monotonic() + 15
        while any(os.path.exists(f"/proc/{pid}/stat") and _state(pid) != "Z" for pid in children):
            assert time.monotonic() < end
            time.sleep(0.1)


def _health(port: int) -> bytes:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        return channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return "Z"
