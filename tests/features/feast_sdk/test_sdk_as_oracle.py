"""Feast's SDK reads what our layout writes, and our layout reads what the SDK writes: on Valkey and on SQLite."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import by_hand
import pandas as pd
import pytest
from all_types import ALL_TYPES, BY_THREE, EVERY_TYPE, KEYED, Store
from feast.data_source import PushMode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typed_values import values

from features.definition.value_type import KEY_TYPES
from features.definition.view import View

PROJECT = ALL_TYPES.project
pytestmark = pytest.mark.filterwarnings("ignore:The spark data source API:RuntimeWarning")
many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
few = settings(many, max_examples=10)
each_kind_of_key = pytest.mark.parametrize(
    "view", [BY_THREE, *(KEYED[each] for each in sorted(KEY_TYPES))], ids=lambda view: view.name
)
ticks = count()


def next_moment() -> datetime:
    """An event time after all before: drawn keys repeat, and the SDK keeps the newer row."""
    return datetime(2026, 11, 1, 12, 30, tzinfo=UTC) + timedelta(seconds=next(ticks))


def microseconds(moment: datetime) -> int:
    """Since the epoch."""
    return int(moment.timestamp()) * 1_000_000


def rows(view: View) -> st.SearchStrategy[dict[str, Any]]:
    """The features of a row."""
    return st.fixed_dictionaries({each.name: st.none() | values(each.value_type) for each in view.features})


def rows_for_sdk(view: View) -> st.SearchStrategy[dict[str, Any]]:
    """Rows that the SDK stores as they are: it makes nulls of empty bytes and lists, and drops rows of nulls."""

    def without_empty(row: dict[str, Any]) -> dict[str, Any]:
        return {name: None if value in (b"", []) else value for name, value in row.items()}

    return rows(view).map(without_empty).filter(lambda row: any(value is not None for value in row.values()))


def keys(view: View) -> st.SearchStrategy[dict[str, Any]]:
    """The keys of a row; the SDK takes empty bytes for no key."""
    return st.fixed_dictionaries(
        {each.join_key: values(each.value_type).filter(lambda key: key != b"") for each in view.entities}
    )


def lookup(online: Store, view: View, key: dict[str, Any]) -> dict[str, Any]:
    """What the SDK finds of one entity."""
    asked = [f"{view.name}:{each.name}" for each in view.features]
    found = online.sdk.get_online_features(asked, [key]).to_dict()
    return {each.name: found[each.name][0] for each in view.features}


def frame(key: dict[str, Any], row: dict[str, Any], event: datetime) -> pd.DataFrame:
    """One row as the SDK takes it."""
    return pd.DataFrame([{**key, **row, "event_timestamp": event, "created": event}])


@many
@given(row=rows(EVERY_TYPE))
def test_the_sdk_reads_values_of_every_type(online: Store, row: dict[str, Any]):
    key = {"thing_id": f"ours {next(ticks)}"}

    by_hand.write(online.address, PROJECT, EVERY_TYPE, key, row, microseconds(next_moment()))

    assert lookup(online, EVERY_TYPE, key) == row


@many
@given(row=rows_for_sdk(EVERY_TYPE))
def test_we_read_values_of_every_type_that_the_sdk_writes(online: Store, row: dict[str, Any]):
    key, event = {"thing_id": f"theirs {next(ticks)}"}, next_moment()

    online.sdk.write_to_online_store(EVERY_TYPE.name, frame(key, row, event))

    assert by_hand.read(online.address, PROJECT, EVERY_TYPE, key) == (row, microseconds(event))


@each_kind_of_key
@few
@given(data=st.data())
def test_the_sdk_finds_keys_of_every_type(online: Store, view: View, data: st.DataObject):
    key, row = data.draw(keys(view)), data.draw(rows(view))

    by_hand.write(online.address, PROJECT, view, key, row, microseconds(next_moment()))

    assert lookup(online, view, key) == row


@each_kind_of_key
@few
@given(data=st.data())
def test_we_find_keys_of_every_type_that_the_sdk_writes(online: Store, view: View, data: st.DataObject):
    key, row, event = data.draw(keys(view)), data.draw(rows_for_sdk(view)), next_moment()

    online.sdk.write_to_online_store(view.name, frame(key, row, event))

    assert by_hand.read(online.address, PROJECT, view, key) == (row, microseconds(event))


def test_we_read_what_the_sdk_pushes(online: Store):
    key, event = {"thing_id": "pushed"}, next_moment()
    row = dict.fromkeys((each.name for each in EVERY_TYPE.features), None) | {"int64": -7, "string": "größer 語"}

    online.sdk.push("every_type_push", frame(key, row, event), to=PushMode.ONLINE)

    assert by_hand.read(online.address, PROJECT, EVERY_TYPE, key) == (row, microseconds(event))


def test_the_sdk_reads_a_service_in_which_an_entity_is_missing(online: Store):
    row = dict.fromkeys((each.name for each in EVERY_TYPE.features), None) | {"double": -0.5}
    by_hand.write(online.address, PROJECT, EVERY_TYPE, {"thing_id": "there"}, row, microseconds(next_moment()))

    service = online.sdk.get_feature_service("everything")
    found = online.sdk.get_online_features(service, [{"thing_id": "there"}, {"thing_id": "absent"}]).to_dict()

    assert found["double"] == [-0.5, None]
    assert found["string"] == [None, None]
