"""Feast's SDK reads what our writer writes, and our reader reads what the SDK writes: on Valkey and on SQLite."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from all_types import ALL_TYPES, BY_THREE, EVERY_TYPE, Store
from drawn import (
    each_kind_of_key,
    few,
    frame,
    keys,
    lookup,
    many,
    microseconds,
    next_moment,
    rows,
    rows_for_sdk,
    ticks,
)
from feast.data_source import PushMode
from hypothesis import given
from hypothesis import strategies as st

from features.definition.view import View
from features.freshness import Status
from features.materialization.writer import writer_of
from features.online.reader import OnlineReader
from features.plan import Plan
from features.tables import table_of

PLAN = Plan.of(ALL_TYPES)
pytestmark = pytest.mark.filterwarnings("ignore:The spark data source API:RuntimeWarning")


def write(online: Store, view: View, key: dict[str, Any], row: dict[str, Any], event: datetime) -> None:
    """Writes one row with our writer."""
    times = {"event_timestamp": event, "created": event, "run_id": None}
    writer = writer_of(online.address, PLAN)
    writer.write(view.name, pa.Table.from_pylist([key | row | times], table_of(view).schema))
    writer.close()


def read(online: Store, view: View, key: dict[str, Any], at: datetime) -> tuple[dict[str, Any], set[int | None]]:
    """One row, and the event times of its values, with our reader."""
    with OnlineReader(online.address, ALL_TYPES.project, PLAN) as reader:
        asked = [f"{view.name}:{each.name}" for each in view.features]
        found = reader.get(asked, {name: [value] for name, value in key.items()}, at_us=microseconds(at), timeout=10)
    for (value,), (status,) in zip(found.columns, found.statuses, strict=True):
        assert status == (Status.NULL_VALUE if value is None else Status.PRESENT)
    return found.rows()[0], {event for (event,) in found.event_times}


@many
@given(row=rows(EVERY_TYPE))
def test_the_sdk_reads_values_that_our_writer_writes(online: Store, row: dict[str, Any]):
    key = {"thing_id": f"ours {next(ticks)}"}

    write(online, EVERY_TYPE, key, row, next_moment())

    assert lookup(online, EVERY_TYPE, key) == row


@many
@given(row=rows_for_sdk(EVERY_TYPE))
def test_our_reader_reads_values_that_the_sdk_writes(online: Store, row: dict[str, Any]):
    key, event = {"thing_id": f"theirs {next(ticks)}"}, next_moment()

    online.sdk.write_to_online_store(EVERY_TYPE.name, frame(key, row, event))

    assert read(online, EVERY_TYPE, key, event) == (row, {microseconds(event)})


@each_kind_of_key
@few
@given(data=st.data())
def test_keys_of_every_type_go_both_ways(online: Store, view: View, data: st.DataObject):
    key, ours, theirs = data.draw(keys(view)), data.draw(rows(view)), data.draw(rows_for_sdk(view))

    write(online, view, key, ours, next_moment())
    assert lookup(online, view, key) == ours

    event = next_moment()
    online.sdk.write_to_online_store(view.name, frame(key, theirs, event))
    assert read(online, view, key, event) == (theirs, {microseconds(event)})


def test_an_older_row_of_ours_does_not_replace_a_newer_one_of_the_sdk(online: Store):
    key = {"by_string_id": "a", "by_int64_id": 1, "by_int32_id": 2}
    earlier, later = next_moment(), next_moment()
    online.sdk.write_to_online_store(BY_THREE.name, frame(key, {"bytes": b"x", "string": "new", "int32": 1}, later))

    write(online, BY_THREE, key, {"bytes": b"y", "string": "old", "int32": 2}, earlier)

    assert lookup(online, BY_THREE, key)["string"] == "new"
    assert read(online, BY_THREE, key, later)[0]["string"] == "new"


@pytest.fixture(params=["America/New_York", "Asia/Shanghai"])
def far_away(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A machine whose local time is not UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def test_event_times_are_the_same_on_a_machine_in_another_time_zone(online: Store, far_away: str):
    row = dict.fromkeys((each.name for each in EVERY_TYPE.features), None) | {"int32": 1}
    ours, theirs, event = {"thing_id": f"ours {far_away}"}, {"thing_id": f"theirs {far_away}"}, next_moment()

    write(online, EVERY_TYPE, ours, row, event)
    online.sdk.write_to_online_store(EVERY_TYPE.name, frame(theirs, row, event))

    assert read(online, EVERY_TYPE, theirs, event) == (row, {microseconds(event)})
    response = online.sdk.get_online_features(["every_type:int32"], [ours]).proto
    (place,) = (at for at, name in enumerate(response.metadata.feature_names.val) if name == "int32")
    assert response.results[place].event_timestamps[0].ToMicroseconds() == microseconds(event)


def test_a_service_shows_what_the_sdk_pushed_last(online: Store):
    key = {"thing_id": "pushed after us"}
    row = dict.fromkeys((each.name for each in EVERY_TYPE.features), None)
    write(online, EVERY_TYPE, key, row | {"int32": 1}, next_moment())
    later = next_moment()

    online.sdk.push("every_type_push", frame(key, row | {"int32": 2}, later), to=PushMode.ONLINE)

    with OnlineReader(online.address, ALL_TYPES.project, PLAN) as reader:
        found = reader.get("everything", {"thing_id": [key["thing_id"]]}, at_us=microseconds(later), timeout=10)
    assert found.to_dict()["int32"] == [2]
