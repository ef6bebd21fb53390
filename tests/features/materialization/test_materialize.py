"""A materialization leaves online what is newest in the table, writes each row once, and forgets none."""

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feature_lake
import pyarrow as pa
import pytest
from feature_lake import DAY, HOUR, START
from online_lookup import differences, expected_now, online_now

from features.catalogue.catalogue import CATALOGUE
from features.definition.view import EVENT_TIMESTAMP
from features.materialization.direct import written_here
from features.materialization.run import Materialized, NoTableError, materialize
from features.materialization.step import Steps
from features.materialization.target import Target
from features.materialization.tasks import UnreachableStoreError, written_by_tasks
from features.materialization.writer import Written
from features.plan import Plan, PlannedView
from features.quality.expectations import RefusedBatchError, check
from features.store.address import ValkeyAddress, parse_address
from features.store.errors import StoreLostDataError, StoreUnavailableError
from features.store.valkey import ValkeyConnection
from features.tables import table_of
from jobs.engine.base import Engine
from lake.lake import Lake
from lake.maintenance.compaction import compact
from lake.maintenance.compaction_plan import Rules

PLAN = Plan.of(CATALOGUE)


@pytest.fixture(params=["valkey", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/online/online.db"
    return request.getfixturevalue("store")


def run(lake: Lake, url: str, view: str = "client_usage", at: timedelta | None = None, **more: Any) -> Materialized:
    """Materializes rows up to a time after START, by default all."""
    up_to = datetime.now(UTC) + 400 * DAY if at is None else START + at
    target = Target(parse_address(url), more.pop("plan", PLAN))
    return materialize(lake, target, view, up_to_us=round(up_to.timestamp() * 1e6), **more)


def usage(client: str, requests: int, at: timedelta, created: timedelta | None = None) -> dict[str, Any]:
    return {
        "client_id": client,
        "requests_1h": requests,
        EVENT_TIMESTAMP: START + at,
        "created": START + (at if created is None else created),
    }


def requests(url: str, client: str) -> int | None:
    """A feature of a client, online."""
    return online_now(url, PLAN, "client_usage", {"client_id": client}).get("requests_1h")


def expectations(rows: pa.Table) -> None:
    check(CATALOGUE.view("client_usage"), rows)


def flush(url: str) -> None:
    with closing(ValkeyConnection(parse_address(url))) as connection:
        connection.call(b"FLUSHALL", deadline=time.monotonic() + 5)


@pytest.mark.parametrize("view", [view.name for view in CATALOGUE.views])
def test_the_newest_row_of_each_entity_is_online(tmp_path: Path, url: str, view: str) -> None:
    lake = feature_lake.write(tmp_path / "lake", [view])

    run(lake, url, view)

    assert expected_now(lake, PLAN, view)
    assert differences(lake, url, PLAN, view) == []


def test_only_what_is_new_is_written(tmp_path: Path, url: str) -> None:
    lake = feature_lake.write(tmp_path / "lake", ["client_usage"])
    first = run(lake, url)
    assert (first.step.written, first.why) == (Written(1, 1), "all rows: the store has none yet")

    assert run(lake, url).step.written == Written()

    feature_lake.append(lake, "client_usage", [usage("acme", 5, 2 * HOUR), usage("new", 6, 2 * HOUR)])
    second = run(lake, url)
    assert (second.step.written, second.why) == (Written(2, 2), "new since version 0")
    assert (requests(url, "acme"), requests(url, "new")) == (5, 6)


def test_a_store_that_is_emptied_while_rows_are_checked_is_filled_by_the_next_run(tmp_path: Path, url: str) -> None:
    lake = feature_lake.write(tmp_path / "lake", ["client_usage"])
    run(lake, url)
    feature_lake.append(lake, "client_usage", [usage("new", 6, 2 * HOUR)])

    with pytest.raises(StoreLostDataError, match="Run it again"):
        run(lake, url, check=lambda rows: empty(url))
    run(lake, url)

    assert differences(lake, url, PLAN, "client_usage") == []


def empty(url: str) -> None:
    address = parse_address(url)
    if isinstance(address, ValkeyAddress):
        flush(url)
    else:
        Path(address.path).unlink()


def test_a_late_row_does_not_replace_a_newer_one_and_a_correction_does(tmp_path: Path, url: str) -> None:
    lake = feature_lake.write(tmp_path / "lake", ["client_usage"])
    run(lake, url)

    feature_lake.append(lake, "client_usage", [usage("acme", 1, timedelta(minutes=30), 3 * HOUR)])
    assert run(lake, url).step.written == Written(1, 0)
    feature_lake.append(lake, "client_usage", [usage("acme", 21, HOUR, 4 * HOUR)])
    run(lake, url)

    assert requests(url, "acme") == 21


def test_rows_of_the_future_come_when_their_time_has_come(tmp_path: Path, url: str) -> None:
    """Both a row in a file with past ones and one in a file of its own, which is not even opened before."""
    lake = feature_lake.write(tmp_path / "lake", [])
    feature_lake.append(lake, "client_usage", [usage("a", 1, HOUR), usage("a", 2, 5 * HOUR), usage("b", 3, 6 * HOUR)])
    feature_lake.append(lake, "client_usage", [usage("c", 4, 7 * HOUR)])

    assert run(lake, url, at=2 * HOUR).step.written == Written(1, 1)
    feature_lake.append(lake, "client_usage", [usage("d", 5, 3 * HOUR)])
    assert run(lake, url, at=4 * HOUR).step.written == Written(1, 1)
    assert (requests(url, "a"), requests(url, "b"), requests(url, "d")) == (1, None, 5)

    assert run(lake, url, at=5 * HOUR).step.written == Written(1, 1)
    assert (requests(url, "a"), requests(url, "b")) == (2, None)
    assert run(lake, url, at=9 * HOUR).step.written == Written(2, 2)
    assert (requests(url, "b"), requests(url, "c")) == (3, 4)
    assert run(lake, url, at=99 * HOUR).step.written == Written()


def test_a_run_up_to_an_earlier_time_does_not_hide_rows_from_the_next(tmp_path: Path, url: str) -> None:
    lake = feature_lake.write(tmp_path / "lake", ["client_usage"])
    run(lake, url, at=3 * HOUR)
    feature_lake.append(lake, "client_usage", [usage("a", 1, HOUR), usage("b", 2, 2 * HOUR)])

    run(lake, url, at=HOUR)
    assert (requests(url, "a"), requests(url, "b")) == (1, None)
    run(lake, url, at=3 * HOUR)
    assert requests(url, "b") == 2


def test_a_store_that_was_emptied_is_filled_again(tmp_path: Path, store: str) -> None:
    lake = feature_lake.write(tmp_path / "lake", ["client_usage"])
    run(lake, store)
    flush(store)

    run(lake, store)

    assert requests(store, "acme") == 20


def test_all_rows_are_written_again_when_asked_for_or_when_features_changed(tmp_path: Path, url: str) -> None:
    lake = feature_lake.write(tmp_path / "lake", ["client_usage"])
    view = PLAN.views["client_usage"]
    fewer = {name: each for name, each in view.features.items() if name != "characters_24h"}
    earlier = Plan(
        PLAN.project, {"client_usage": PlannedView(view.name, view.join_keys, fewer, view.max_age_us)}, {}, {}
    )
    run(lake, url, plan=earlier)
    assert "characters_24h" not in online_now(url, PLAN, "client_usage", {"client_id": "acme"})

    assert run(lake, url).why == "all rows: the features changed"
    assert online_now(url, PLAN, "client_usage", {"client_id": "acme"})["characters_24h"] == 90_000
    assert run(lake, url, again=True).step.written == Written(1, 1)


def test_a_table_that_was_made_anew_is_written_whole(tmp_path: Path, url: str) -> None:
    run(feature_lake.write(tmp_path / "one", ["client_usage"]), url)
    other = feature_lake.write(tmp_path / "two", [])
    feature_lake.append(other, "client_usage", [usage("a", 1, HOUR)])
    feature_lake.append(other, "client_usage", [usage("b", 2, HOUR)])

    assert run(other, url).why == "all rows: the table was made anew"
    assert (requests(url, "a"), requests(url, "b")) == (1, 2)


def test_a_table_whose_log_has_expired_is_written_whole(tmp_path: Path, url: str) -> None:
    from deltalake import DeltaTable

    lake = feature_lake.write(tmp_path / "lake", ["client_usage"])
    run(lake, url)
    feature_lake.append(lake, "client_usage", [usage("a", 1, HOUR)])
    DeltaTable(lake.path("features_client_usage")).create_checkpoint()
    (tmp_path / "lake/features_client_usage/_delta_log/00000000000000000000.json").unlink()

    assert run(Lake(lake.root), url).why == "all rows: the table's log no longer has version 0"
    assert requests(url, "a") == 1


def test_after_compaction_only_what_is_new_is_read(tmp_path: Path, url: str) -> None:
    lake = feature_lake.write(tmp_path / "lake", ["client_usage"])
    feature_lake.append(lake, "client_usage", [usage("acme", 7, 3 * DAY)])
    run(lake, url)
    feature_lake.append(lake, "client_usage", [usage("acme", 8, 4 * DAY)])
    table = table_of(CATALOGUE.view("client_usage"))
    assert compact(lake, table, Rules(fewest=2, largest=1)).into == 1
    feature_lake.append(lake, "client_usage", [usage("acme", 9, 5 * DAY)])
    assert run(lake, url).step.written.rows == 2  # of the files that came since, not of the one that holds all
    assert requests(url, "acme") == 9
    assert run(lake, url).step.written == Written()


def test_a_bad_row_keeps_all_rows_back_until_it_is_corrected(tmp_path: Path, url: str) -> None:
    lake = feature_lake.write(tmp_path / "lake", ["client_usage"])
    run(lake, url)
    feature_lake.append(lake, "client_usage", [usage("a", 1, 2 * HOUR)])
    feature_lake.append(lake, "client_usage", [usage("b", -1, HOUR)])

    with pytest.raises(RefusedBatchError, match="requests_1h"):
        run(lake, url, check=expectations)
    assert (requests(url, "a"), requests(url, "acme")) == (None, 20)

    feature_lake.append(lake, "client_usage", [usage("b", 2, HOUR, 9 * HOUR)])
    assert run(lake, url, check=expectations).step.written == Written(2, 2)
    assert (requests(url, "a"), requests(url, "b")) == (1, 2)
    assert run(lake, url, check=expectations).step.written == Written()


def test_a_long_run_that_fails_need_not_begin_again(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stores which files it has done, now and then: here after each."""
    monkeypatch.setattr("features.materialization.run._SECONDS_BETWEEN_STATES", -1.0)
    lake = feature_lake.write(tmp_path / "lake", [])
    for number in range(3):
        feature_lake.append(lake, "client_usage", [usage(f"c{number}", number, number * HOUR)])
    feature_lake.append(lake, "client_usage", [usage("c2", 9, 9 * HOUR)])

    def fail_after_two_files(*arguments: Any) -> Steps:
        files = 0
        for step in written_here(*arguments):
            yield step
            files += step.file is not None
            if files == 2:
                raise StoreUnavailableError("down")

    with pytest.raises(StoreUnavailableError, match=r"after 2 rows: down\. Run it again: the next run continues"):
        run(lake, url, at=5 * HOUR, write=fail_after_two_files)
    assert run(lake, url, at=5 * HOUR).step.written == Written(1, 1)
    assert run(lake, url, at=9 * HOUR).step.written == Written(1, 1)

    assert [requests(url, f"c{number}") for number in range(3)] == [0, 1, 9]


def test_progress_counts_the_rows_of_files(tmp_path: Path, url: str) -> None:
    lake = feature_lake.write(tmp_path / "lake", ["client_usage"])
    feature_lake.append(lake, "client_usage", [usage("a", 1, HOUR)])
    seen: list[tuple[int, int]] = []

    run(lake, url, progress=lambda read, of: seen.append((read, of)))

    assert (seen[-1], len(seen)) == ((3, 3), 2)


def test_a_view_without_a_table_is_an_error(tmp_path: Path, url: str) -> None:
    with pytest.raises(NoTableError, match="features_client_usage"):
        run(feature_lake.write(tmp_path, []), url)


def test_tasks_of_an_engine_write_the_same(tmp_path: Path, store: str, engine: Engine) -> None:
    lake = Lake(feature_lake.write(tmp_path / "lake").root, engine)
    feature_lake.append(lake, "client_usage", [usage("acme", 7, 100 * HOUR), usage("b", 3, 200 * HOUR)])

    for view in PLAN.views:
        run(lake, store, view, at=150 * HOUR, write=written_by_tasks)
    assert requests(store, "b") is None
    done = run(lake, store, at=250 * HOUR, write=written_by_tasks)

    assert done.step.written == Written(1, 1)
    assert [differences(lake, store, PLAN, view) for view in PLAN.views] == [[]] * len(PLAN.views)


def test_tasks_do_not_write_into_an_embedded_store(tmp_path: Path, engine: Engine) -> None:
    lake = Lake(feature_lake.write(tmp_path / "lake", ["client_usage"]).root, engine)

    with pytest.raises(UnreachableStoreError, match="name a server"):
        run(lake, f"sqlite://{tmp_path}/online.db", write=written_by_tasks)
