"""Histories of some entities, and samples of keys, from data files alone."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.catalogue.catalogue import CATALOGUE
from features.consistency.histories import histories, sample_keys
from features.definition.value_type import ValueType
from features.definition.view import CREATED, EVENT_TIMESTAMP, Entity, Feature, View
from features.plan import Plan
from features.tables import table_of
from lake.commits import CommitMetadata
from lake.lake import Lake
from tests.features import feature_lake
from tests.features.feature_lake import DAY, DRINGLICH, START, WELT

PLAN = Plan.of(CATALOGUE)


def test_rows_are_in_the_order_of_event_time_then_creation(tmp_path: Path) -> None:
    lake = feature_lake.write(tmp_path)
    (found,) = histories(lake, PLAN.view("source_quality"), [("web",)]).values()
    start = int(START.timestamp()) * 1_000_000
    day = 86_400_000_000
    assert [(row.event - start, row.created - start) for row in found.rows] == [
        (0, 0),
        (day, 3 * day),
        (2 * day, 2 * day),
    ]
    assert [row.values["documents"] for row in found.rows] == [100, 120, 140]
    assert found.max_age == 90 * day


def test_times_are_whole_seconds(tmp_path: Path) -> None:
    lake = feature_lake.write(tmp_path)
    (found,) = histories(lake, PLAN.view("client_usage"), [("acme",)]).values()
    assert found.rows[0].values["last_request"] == int(START.timestamp())


def test_each_entity_has_its_own_rows_and_an_unknown_one_none(tmp_path: Path) -> None:
    lake = feature_lake.write(tmp_path)
    mixed = ("acme", WELT, "de", "en")  # each of these values is in the table, but never together
    keys = [("acme", DRINGLICH, "de", "en"), ("legal", WELT, "de", "en"), mixed]
    found = histories(lake, PLAN.view("term_glossary"), keys)
    assert {key: len(history.rows) for key, history in found.items()} == {keys[0]: 2, keys[1]: 2, mixed: 0}


def test_rows_of_all_files_are_found(tmp_path: Path) -> None:
    lake = feature_lake.write(tmp_path)
    for day in range(1, 4):
        feature_lake.append(lake, "client_profile", [{"client_id": "acme", EVENT_TIMESTAMP: START + day * DAY}])
    (found,) = histories(lake, PLAN.view("client_profile"), [("acme",)]).values()
    assert len(found.rows) == 4


def test_a_feature_is_null_in_files_that_are_older_than_it(tmp_path: Path) -> None:
    view = CATALOGUE.view("client_profile")
    table = table_of(view)
    before = replace(table, schema=pa.schema([field for field in table.schema if field.name != "tier"]))
    lake = Lake(str(tmp_path))
    row = {"client_id": "acme", "domain": "legal", EVENT_TIMESTAMP: START, CREATED: START, "run_id": "r"}
    metadata = CommitMetadata("r", "features", "append", "c", "0", {}, 0.0, 1)
    lake.append(pa.Table.from_pylist([row], schema=before.schema), before, metadata, -1)
    feature_lake.append(lake, view, [{**row, "tier": "free", EVENT_TIMESTAMP: START + DAY}])
    (found,) = histories(lake, PLAN.view("client_profile"), [("acme",)]).values()
    assert [(row.values["domain"], row.values["tier"]) for row in found.rows] == [("legal", None), ("legal", "free")]


def test_keys_may_be_of_every_type(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    values = {
        ValueType.STRING: ("ä", "ä"),
        ValueType.BYTES: (b"\xff\x00", "/wA="),
        ValueType.INT32: (-7, -7),
        ValueType.INT64: (1 << 40, 1 << 40),
        ValueType.UNIX_TIMESTAMP: (moment, int(moment.timestamp())),
    }
    entities = tuple(Entity(each.name, each.name.lower(), each, "a key") for each in values)
    view = View("keyed", entities, (Feature("value", ValueType.INT64, "a value"),), "for this test")
    planned = Plan.of(replace(CATALOGUE, views=(view,), services=(), on_demand=())).view("keyed")
    lake = Lake(str(tmp_path))
    keys = {each.name.lower(): stored for each, (stored, _) in values.items()}
    feature_lake.append(lake, view, [{**keys, "value": 3, EVENT_TIMESTAMP: START}])
    key = tuple(plain for _, plain in values.values())
    assert histories(lake, planned, [key])[key].rows[0].values == {"value": 3}
    assert sample_keys(lake, planned, 5, np.random.default_rng(0)) == [key]


def test_keys_are_drawn_from_all_files_by_their_rows(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for begin, end in ((0, 900), (900, 1000)):
        rows = [{"client_id": str(number), EVENT_TIMESTAMP: START} for number in range(begin, end)]
        feature_lake.append(lake, "client_profile", rows)
    view = PLAN.view("client_profile")
    drawn = [sample_keys(lake, view, 100, np.random.default_rng(seed)) for seed in range(20)]
    assert all(len(keys) == len(set(keys)) == 100 for keys in drawn)
    of_the_small_file = sum(int(key[0]) >= 900 for keys in drawn for key in keys)
    assert 140 < of_the_small_file < 260  # of 2,000, a tenth expected
    assert max(Counter(key for keys in drawn for key in keys).values()) < 10


def test_a_small_table_is_drawn_whole(tmp_path: Path) -> None:
    lake = feature_lake.write(tmp_path)
    assert set(sample_keys(lake, PLAN.view("client_profile"), 100, np.random.default_rng(0))) == {
        ("acme",),
        ("globex",),
    }


def test_there_are_no_keys_without_a_table(tmp_path: Path) -> None:
    assert sample_keys(Lake(str(tmp_path)), PLAN.view("client_profile"), 5, np.random.default_rng(0)) == []
