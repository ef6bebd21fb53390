"""Where Feast's SDK answers otherwise than our reader: `docs/how-to/feast.md` says so, for Feast 0.67."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import by_hand
import pytest
from all_types import ALL_TYPES, EVERY_TYPE, Store, sdk

from features.definition.value_type import ValueType
from features.definition.view import Catalogue
from features.freshness import Status
from features.online.reader import OnlineReader
from features.plan import Plan
from features.store.address import ValkeyAddress, parse_address

pytestmark = pytest.mark.filterwarnings("ignore:The spark data source API:RuntimeWarning")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
PROJECT = ALL_TYPES.project
BRIEF = replace(EVERY_TYPE, max_age=timedelta(hours=1))
BRIEFLY = Catalogue(PROJECT, (BRIEF,), ())
ROW = dict.fromkeys((each.name for each in EVERY_TYPE.features), None)


def theirs(online: Store, thing: str, feature: str = "int64") -> tuple[Any, int]:
    """Value and status by the SDK."""
    response = online.sdk.get_online_features([f"every_type:{feature}"], [{"thing_id": thing}])
    place = list(response.proto.metadata.feature_names.val).index(feature)
    return response.to_dict()[feature][0], response.proto.results[place].statuses[0]


def ours(online: Store, catalogue: Catalogue, thing: str, feature: str = "int64") -> tuple[Any, int]:
    """Value and status by our reader."""
    with OnlineReader(online.address, PROJECT, Plan.of(catalogue)) as reader:
        at_us = int(NOW.timestamp()) * 1_000_000
        found = reader.get([f"every_type:{feature}"], {"thing_id": [thing]}, at_us=at_us, timeout=10)
    return found.columns[0][0], found.statuses[0][0]


def write(online: Store, thing: str, event: datetime, value: int | None) -> None:
    event_us = int(event.timestamp()) * 1_000_000
    by_hand.write(online.address, PROJECT, EVERY_TYPE, {"thing_id": thing}, ROW | {"int64": value}, event_us)


def test_the_sdk_returns_values_older_than_their_view_allows(tmp_path: Path, store: str):
    online = Store(parse_address(store), sdk(tmp_path, parse_address(store), BRIEFLY))
    write(online, "old", NOW - timedelta(hours=2), 3)

    assert theirs(online, "old") == (3, Status.PRESENT)
    assert ours(online, BRIEFLY, "old") == (None, Status.OUTSIDE_MAX_AGE)


def test_the_sdk_returns_values_from_after_the_request(online: Store):
    write(online, "early", NOW + timedelta(days=36_500), 3)

    assert theirs(online, "early") == (3, Status.PRESENT)
    assert ours(online, ALL_TYPES, "early") == (None, Status.OUTSIDE_MAX_AGE)


def test_the_sdk_finds_entities_in_valkey_that_are_not_there(online: Store):
    found = Status.PRESENT if isinstance(online.address, ValkeyAddress) else Status.NOT_FOUND

    assert theirs(online, "nobody") == (None, found)
    assert ours(online, ALL_TYPES, "nobody") == (None, Status.NOT_FOUND)


def test_the_sdk_calls_a_null_present(online: Store):
    write(online, "null", NOW, None)

    assert theirs(online, "null") == (None, Status.PRESENT)
    assert ours(online, ALL_TYPES, "null") == (None, Status.NULL_VALUE)


def test_the_sdk_returns_a_value_of_the_type_that_a_feature_had_before(tmp_path: Path, store: str):
    features = tuple(
        replace(each, value_type=ValueType.STRING) if each.name == "int64" else each for each in EVERY_TYPE.features
    )
    changed = Catalogue(PROJECT, (replace(EVERY_TYPE, features=features),), ())
    online = Store(parse_address(store), sdk(tmp_path, parse_address(store), changed))
    write(online, "before", NOW, 3)

    assert theirs(online, "before") == (3, Status.PRESENT)  # a number, of a feature that is a text
    assert ours(online, changed, "before") == (None, Status.INVALID)
