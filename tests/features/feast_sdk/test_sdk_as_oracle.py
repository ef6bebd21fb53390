"""Feast's SDK reads what the layout writes, and the layout reads what the SDK writes: on Valkey and on SQLite.

No writer or reader of ours takes part, so it is the layout's specification that is compared.
"""

from typing import Any

import by_hand
import pytest
from all_types import ALL_TYPES, EVERY_TYPE, Store
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

PROJECT = ALL_TYPES.project
pytestmark = pytest.mark.filterwarnings("ignore:The spark data source API:RuntimeWarning")


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
