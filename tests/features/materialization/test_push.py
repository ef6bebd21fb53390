"""Pushed rows are in the table and, at once, online; what is no row of the view is refused whole."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feature_lake
import pytest
from feature_lake import HOUR, START
from online_lookup import online_now

from features.catalogue.catalogue import CATALOGUE
from features.materialization.push import Pusher, To
from features.materialization.pushed_rows import PushedRowsError
from features.materialization.run import materialize
from features.materialization.target import Target
from features.materialization.writer import Written
from features.plan import Plan
from features.quality.expectations import RefusedBatchError, check
from features.store.address import parse_address
from features.store.errors import StoreUnavailableError
from jobs.arguments import parser
from jobs.commands.features.apply import PLAN_FILE
from jobs.commands.features.push import RowsFileError, push
from jobs.progress import Reporter
from lake.lake import Lake

PLAN = Plan.of(CATALOGUE)
VIEWS = {view.name: view for view in CATALOGUE.views}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return feature_lake.write(tmp_path / "lake", ["client_usage"])


@pytest.fixture
def pusher(lake: Lake, store: str) -> Iterator[Pusher]:
    with closing(Pusher(lake, Target(parse_address(store), PLAN), VIEWS, check)) as made:
        yield made


def rows(lake: Lake, client: str) -> list[dict[str, Any]]:
    """A client's rows in the table, without the columns of commits."""
    view = VIEWS["client_usage"]
    names = ["client_id", *(each.name for each in view.features), "event_timestamp"]
    return [row for row in lake.read_here(view.table, names).to_pylist() if row["client_id"] == client]


def test_a_pushed_row_is_in_the_table_and_online(lake: Lake, store: str, pusher: Pusher) -> None:
    row = {
        "client_id": ["new"],
        "requests_1h": [7],
        "mean_latency_ms": [8],
        "last_request": ["2026-11-01T12:00:00+01:00"],
        "event_timestamp": [START.isoformat()],
    }

    assert pusher.push("client_usage", row) == Written(1, 1)

    values = {
        "requests_1h": 7,
        "characters_24h": None,
        "mean_latency_ms": 8.0,
        "last_request": datetime(2026, 11, 1, 11, tzinfo=UTC),
    }
    assert rows(lake, "new") == [{"client_id": "new", **values, "event_timestamp": START}]
    assert online_now(store, PLAN, "client_usage", {"client_id": "new"}) == values


def test_a_row_without_a_time_is_of_now(lake: Lake, pusher: Pusher) -> None:
    pusher.push("client_usage", {"client_id": ["new"], "requests_1h": [1]})

    (row,) = rows(lake, "new")
    assert timedelta() <= datetime.now(UTC) - row["event_timestamp"] < timedelta(minutes=1)


def test_a_row_that_comes_late_stays_offline(lake: Lake, store: str, pusher: Pusher) -> None:
    pusher.push("client_usage", {"client_id": ["new"], "requests_1h": [2], "event_timestamp": [START + HOUR]})

    late = pusher.push("client_usage", {"client_id": ["new"], "requests_1h": [1], "event_timestamp": [START]})

    assert late == Written(1, 0)
    assert len(rows(lake, "new")) == 2
    assert online_now(store, PLAN, "client_usage", {"client_id": "new"})["requests_1h"] == 2


def test_of_two_rows_of_one_key_and_time_the_last_is_stored(lake: Lake, store: str, pusher: Pusher) -> None:
    at = [START, START, START + HOUR]
    pusher.push("client_usage", {"client_id": ["new"] * 3, "requests_1h": [1, 2, 3], "event_timestamp": at})

    assert [row["requests_1h"] for row in rows(lake, "new")] == [2, 3]
    assert online_now(store, PLAN, "client_usage", {"client_id": "new"})["requests_1h"] == 3


@pytest.mark.parametrize(("to", "in_table", "online"), [(To.ONLINE, 0, 1), (To.OFFLINE, 1, None)])
def test_rows_can_go_to_one_place(
    lake: Lake, store: str, pusher: Pusher, to: To, in_table: int, online: int | None
) -> None:
    pusher.push("client_usage", {"client_id": ["new"], "requests_1h": [1]}, to)

    assert len(rows(lake, "new")) == in_table
    assert online_now(store, PLAN, "client_usage", {"client_id": "new"}).get("requests_1h") == online


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"requests_1h": [1]}, "client_id is missing"),
        ({"client_id": ["a"], "typo": [1]}, "typo is unknown"),
        ({"client_id": ["a", "b"], "requests_1h": [1]}, "different lengths"),
        ({"client_id": ["a", "b"], "requests_1h": [1, "2"]}, "requests_1h, row 1: INT64 expected, not '2'"),
        ({"client_id": ["a"], "requests_1h": [True]}, "INT64 expected, not True"),
        ({"client_id": ["a"], "requests_1h": [1 << 63]}, "INT64 expected"),
        ({"client_id": [7]}, "client_id, row 0: STRING expected, not 7"),
        ({"client_id": ["\ud800"]}, "client_id, row 0: STRING expected"),
        ({"client_id": ["a"], "event_timestamp": ["yesterday"]}, "event_timestamp, row 0: UNIX_TIMESTAMP expected"),
        ({"client_id": ["a"], "event_timestamp": [1e300]}, "event_timestamp, row 0: UNIX_TIMESTAMP expected"),
        ({"client_id": ["a"], "event_timestamp": ["0001-01-01T00:00:00+14:00"]}, "row 0: UNIX_TIMESTAMP expected"),
        ({"client_id": ["a"], "last_request": ["9999-12-31T23:59:59-14:00"]}, "row 0: UNIX_TIMESTAMP expected"),
    ],
)
def test_what_is_no_row_of_the_view_is_refused(
    lake: Lake, pusher: Pusher, columns: dict[str, list], words: str
) -> None:
    with pytest.raises(PushedRowsError, match=words):
        pusher.push("client_usage", columns)

    assert lake.version("features_client_usage") == 0


def test_rows_against_expectations_are_refused_whole(lake: Lake, pusher: Pusher) -> None:
    with pytest.raises(RefusedBatchError, match="requests_1h"):
        pusher.push("client_usage", {"client_id": ["a", "b"], "requests_1h": [1, -1]})

    assert lake.version("features_client_usage") == 0


def test_a_view_that_is_computed_takes_no_rows(pusher: Pusher) -> None:
    with pytest.raises(PushedRowsError, match="those that do: client_usage"):
        pusher.push("client_profile", {"client_id": ["a"]})


def test_rows_reach_a_store_that_was_down_with_the_next_materialization(lake: Lake, store: str) -> None:
    with (
        closing(Pusher(lake, Target(parse_address("valkey://127.0.0.1:1"), PLAN), VIEWS, check)) as pusher,
        pytest.raises(StoreUnavailableError, match="next materialization"),
    ):
        pusher.push("client_usage", {"client_id": ["new"], "requests_1h": [1]})

    materialize(lake, Target(parse_address(store), PLAN), "client_usage")
    assert online_now(store, PLAN, "client_usage", {"client_id": "new"})["requests_1h"] == 1


def test_pushes_at_once_all_arrive(lake: Lake, store: str, pusher: Pusher) -> None:
    """Each commit of a table has a version of its own; of two at once one tries again."""
    other = Pusher(Lake(lake.root), Target(parse_address(store), PLAN), VIEWS, check)

    def push(by: Pusher, name: str) -> None:
        for number in range(4):
            by.push("client_usage", {"client_id": [f"{name}{number}"], "requests_1h": [number]})

    threads = [
        threading.Thread(target=push, args=(each, f"t{at}-")) for at, each in enumerate([pusher, pusher, other])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()

    for at in range(3):
        for number in range(4):
            client = f"t{at}-{number}"
            assert len(rows(Lake(lake.root), client)) == 1
            assert online_now(store, PLAN, "client_usage", {"client_id": client})["requests_1h"] == number


def test_the_command_pushes_the_lines_of_a_file(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps({"client_id": f"c{at}", "requests_1h": at}) + "\n" for at in range(3)))
    lake.storage.write_text(PLAN_FILE, PLAN.to_json())

    command = [sys.executable, "-m", "jobs", "features", "push", lake.root, "client_usage", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "3 rows of client_usage; 3 online now\n"
    url = f"sqlite://{lake.root}/features/online.db"
    assert online_now(url, PLAN, "client_usage", {"client_id": "c2"})["requests_1h"] == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'\n{"client_id": "a"}\n\n{"client_id": "b", "requests_1h": "x"}\n', "line 4: column requests_1h: INT64 exp"),
        (b"[1]\n", "line 1: an object expected"),
        (b'{"client_id": "a"}\n{"client_id":\n', "line 2: Expecting value"),
        (b"[" * 100_000, "line 1: nested too deep"),
        (b'{"client_id": "a"}\n\xff\n', "this is no UTF-8"),
    ],
)
def test_the_command_names_the_line_that_is_no_row(
    lake: Lake, tmp_path: Path, content: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(content)
    lake.storage.write_text(PLAN_FILE, PLAN.to_json())
    with pytest.raises(RowsFileError, match=words) as raised:
        push_file(lake, file, monkeypatch)
    assert str(raised.value).startswith(str(file))
    assert lake.version("features_client_usage") == 0


def test_the_command_takes_no_folder(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.storage.write_text(PLAN_FILE, PLAN.to_json())
    with pytest.raises(RowsFileError, match="Is a directory"):
        push_file(lake, tmp_path, monkeypatch)


def test_the_command_takes_a_file_with_a_byte_order_mark(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"client_id": "marked", "requests_1h": 1}')
    lake.storage.write_text(PLAN_FILE, PLAN.to_json())
    push_file(lake, file, monkeypatch)
    assert len(rows(lake, "marked")) == 1


def push_file(lake: Lake, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKENLAKE_ONLINE_STORE", raising=False)
    arguments = parser().parse_args(["features", "push", lake.root, "client_usage", str(file)])
    push(arguments, Reporter())
