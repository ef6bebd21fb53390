"""Rows and keys for tests of properties, and how Feast's SDK writes and reads them."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pandas as pd
import pytest
from all_types import BY_THREE, KEYED, Store
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from typed_values import values

from features.definition.value_type import KEY_TYPES
from features.definition.view import View

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
