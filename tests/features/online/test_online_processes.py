"""Readers in threads and child processes, and what importing one costs."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from stores import NOW, PLAN, Hand, write

from features.online.reader import OnlineReader
from features.store.address import ValkeyAddress, parse_address

HEAVY = ["numpy", "pandas", "pyarrow", "pyspark", "feast", "redis", "google.protobuf", "deltalake", "asyncio", "ssl"]
REPOSITORY = Path(__file__).resolve().parents[3]


def python(program: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        env={**environment, "PYTHONPATH": str(REPOSITORY)},
    ).stdout.strip()


def test_importing_a_reader_takes_less_than_150_ms():
    program = (
        "import time; began = time.process_time(); import features.online.reader; print(time.process_time() - began)"
    )

    assert min(float(python(program)) for _ in range(5)) < 0.150


@pytest.mark.parametrize("kind", ["valkey", "sqlite"])
def test_a_lookup_imports_nothing_that_is_large(kind: str, store: str, tmp_path: Path):
    url = store if kind == "valkey" else f"sqlite://{tmp_path}/online.db"
    write(url, "document", {"doc_id": "a", "tokens": 1})
    from features.store.plan_store import publish_plan

    publish_plan(parse_address(url), PLAN)

    program = (
        "import sys; from features.online.reader import OnlineReader; "
        f"reader = OnlineReader({url!r}, 'p'); "
        f"print(reader.get('curation', {{'doc_id': ['a']}}, at_us={NOW}).columns[0]); "
        f"print([each for each in {HEAVY} if each in sys.modules])"
    )

    assert python(program).splitlines() == ["[1]", "[]"]


def test_threads_share_a_reader_and_get_their_own_answers(url: str):
    write(url, "document", *({"doc_id": str(number), "tokens": number} for number in range(50)))
    reader = OnlineReader(url, plan=PLAN)
    wrong: list[object] = []

    def look_up(begin: int) -> None:
        for number in [*range(begin, 50), *range(begin)] * 4:
            found = reader.get("curation", {"doc_id": [str(number), "none"]}, timeout=20, at_us=NOW).columns[0]
            if found != [number, None]:
                wrong.append(found)

    threads = [threading.Thread(target=look_up, args=(begin,)) for begin in range(0, 50, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_there_are_as_many_connections_as_threads_that_read_at_once(store: str, hand: Hand):
    reader = OnlineReader(store, plan=PLAN)
    before = len(hand.call(b"CLIENT", b"LIST").splitlines())
    for _ in range(20):
        reader.get("curation", {"doc_id": ["a"]}, timeout=5)

    assert len(hand.call(b"CLIENT", b"LIST").splitlines()) == before + 1
    reader.close()
    time.sleep(0.1)
    assert len(hand.call(b"CLIENT", b"LIST").splitlines()) == before


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_child_process_reads_over_connections_of_its_own(url: str):
    """Otherwise parent and child would take each other's replies."""
    write(url, "document", *({"doc_id": str(number), "tokens": number} for number in range(100)))
    reader = OnlineReader(url, plan=PLAN)
    reader.get("curation", {"doc_id": ["1"]}, at_us=NOW)  # opens a connection, which the child inherits

    child = os.fork()
    documents = range(100) if child else range(99, -1, -1)
    is_right = all(
        reader.get("curation", {"doc_id": [str(number)]}, timeout=20, at_us=NOW).columns[0] == [number]
        for number in documents
    )
    if not child:
        os._exit(0 if is_right else 1)
    _, status = os.waitpid(child, 0)

    assert is_right
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_reader_takes_an_address_or_a_url(store: str):
    address = parse_address(store)
    assert isinstance(address, ValkeyAddress)

    for given in (store, address):
        assert OnlineReader(given, plan=PLAN).get("curation", {"doc_id": ["a"]}).columns[0] == [None]
