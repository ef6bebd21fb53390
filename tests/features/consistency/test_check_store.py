"""Faults put into a real store are each found, in the view and feature they are in; a sound store has none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.layout.event_time import encode_event_time
from features.layout.field import feature_field, timestamp_field
from tests.features.consistency.both_stores import NOW, PAIR, PLAN, BothStores, faulty_views, kinds
from tests.features.feature_lake import DAY, HALLO, HOUR, START

GLOBEX = {"client_id": "globex"}
PROFILE = {**GLOBEX, "domain": "legal", "tier": "standard", "requests_per_minute": 20}


@pytest.fixture
def stores(tmp_path: Path, store: str) -> Iterator[BothStores]:
    """Tables and a store that was filled from them."""
    made = BothStores(tmp_path, store)
    made.materialize()
    yield made
    made.reader.close()


def test_a_sound_store_has_no_fault(stores: BothStores) -> None:
    tally = stores.check_store()
    assert faulty_views(tally) == set()
    assert {view for view, _, _ in tally} == {*PLAN.views, *PLAN.on_demand}
    assert tally.rows_from_the_future.total() == 0
    assert tally.unpacked.total() == 0
    assert tally.packed.keys() == PLAN.views.keys()


def test_every_view_is_looked_up_by_name_and_through_its_service(stores: BothStores) -> None:
    compared = {view: found.compared for view, _, found in stores.check_store()}
    assert compared["client_profile"] == 4  # two clients, twice
    assert compared["source_quality"] == 4
    assert compared["client_allowance"] >= 2


def test_a_lost_write_is_missing(stores: BothStores) -> None:
    stores.by_hand.call(b"DEL", stores.by_hand.hash_key("segment_memory", segment_id=HALLO, **PAIR))
    tally = stores.check_store()
    assert kinds(tally, "segment_memory") == {"missing"}
    assert faulty_views(tally) == {"segment_memory"}
    (example, *_) = tally.features["segment_memory", "best_target"].examples["missing"]
    assert example.keys == {"segment_id": HALLO, **PAIR}
    assert example.expected == "Hello world!"


def test_a_packed_row_that_was_lost_changes_no_answer_and_is_counted(stores: BothStores) -> None:
    key = stores.by_hand.packed_key("translation_request", "client_profile", **GLOBEX)
    assert stores.by_hand.call(b"DEL", key) == 1
    tally = stores.check_store()
    assert faulty_views(tally) == set()
    assert tally.unpacked.total() == tally.unpacked["client_profile"] == 1
    assert tally.packed["client_profile"] == 2


def test_a_packed_row_that_is_older_than_its_hash_is_counted_too(stores: BothStores) -> None:
    before = int((START - DAY).timestamp()) * 1_000_000
    stores.by_hand.packed("translation_request", "client_profile", {**PROFILE, "tier": "premium"}, before)
    tally = stores.check_store()
    assert faulty_views(tally) == set()
    assert tally.unpacked["client_profile"] == 1


def test_a_value_changed_in_the_hash_differs_when_asked_for_by_name(stores: BothStores) -> None:
    field = feature_field("client_profile", "requests_per_minute")
    stores.by_hand.call(b"HSET", stores.by_hand.hash_key("client_profile", **GLOBEX), field, bytes.fromhex("180b"))
    tally = stores.check_store()
    found = tally.features["client_profile", "requests_per_minute"]
    (example,) = found.examples["mismatch"]
    assert (example.service, example.keys, example.served, example.expected) == (None, GLOBEX, 11, 10)
    assert (found.largest_difference, found.largest_relative) == (1, pytest.approx(1 / 11))
    assert faulty_views(tally) == {"client_profile"}
    assert tally.features["client_profile", "tier"].verdicts.keys() == {"equal"}


def test_a_packed_row_that_differs_from_its_hash_differs_through_its_service(stores: BothStores) -> None:
    at = int(START.timestamp()) * 1_000_000
    stores.by_hand.packed("translation_request", "client_profile", {**PROFILE, "tier": "premium"}, at)
    (example,) = stores.check_store().features["client_profile", "tier"].examples["mismatch"]
    assert (example.service, example.served, example.expected) == ("translation_request", "premium", "free")


def test_null_instead_of_a_value_is_a_null_difference(stores: BothStores) -> None:
    field = feature_field("client_profile", "tier")
    stores.by_hand.call(b"HSET", stores.by_hand.hash_key("client_profile", **GLOBEX), field, b"")
    assert kinds(stores.check_store(), "client_profile") == {"null_difference"}


def test_a_value_of_a_wrong_type_is_told(stores: BothStores) -> None:
    field = feature_field("client_profile", "requests_per_minute")
    as_text = b"\x12\x0210"
    stores.by_hand.call(b"HSET", stores.by_hand.hash_key("client_profile", **GLOBEX), field, as_text)
    tally = stores.check_store()
    assert kinds(tally, "client_profile") == {"wrong_type"}
    assert tally.features["client_profile", "requests_per_minute"].verdicts["wrong_type"] == 1


def test_a_materialization_that_did_not_run_leaves_older_rows(stores: BothStores) -> None:
    stores.add("client_profile", {**PROFILE, EVENT_TIMESTAMP: NOW - HOUR})
    tally = stores.check_store()
    assert kinds(tally, "client_profile") == {"stale"}
    assert kinds(tally, "client_allowance") == set()  # the limit that it reads did not change
    stores.materialize("client_profile")
    assert faulty_views(stores.check_store()) == set()


def test_a_row_is_not_missed_before_its_time(stores: BothStores) -> None:
    stores.add("client_profile", {**PROFILE, EVENT_TIMESTAMP: NOW - HOUR})
    assert kinds(stores.check_store(lag=2 * HOUR), "client_profile") == {"late"}
    assert kinds(stores.check_store(lag=HOUR / 2), "client_profile") == {"stale"}


def test_a_correction_that_is_not_online_is_a_mismatch(stores: BothStores) -> None:
    stores.add("client_profile", {**PROFILE, EVENT_TIMESTAMP: START, CREATED: START + DAY})
    assert kinds(stores.check_store(), "client_profile") == {"mismatch"}
    stores.materialize("client_profile")
    assert faulty_views(stores.check_store()) == set()


def test_a_view_that_was_never_materialized_is_missing(tmp_path: Path, store: str) -> None:
    stores = BothStores(tmp_path, store)
    stores.materialize("client_profile", "client_usage", "language_pair_statistics")
    tally = stores.check_store()
    assert kinds(tally, "segment_memory") == {"missing"}
    assert kinds(tally, "client_profile") == set()
    stores.reader.close()


def test_a_row_that_no_table_has_is_extra(stores: BothStores) -> None:
    stores.push("client_profile", {**PROFILE, EVENT_TIMESTAMP: NOW - HOUR})
    assert kinds(stores.check_store(), "client_profile") == {"extra"}
    assert kinds(stores.check_store(lag=2 * HOUR), "client_profile") == {"late"}  # its table may still get it


def test_a_clock_that_is_ahead_online_is_skew(stores: BothStores) -> None:
    ahead = int((NOW + HOUR).timestamp()) * 1_000_000
    key = stores.by_hand.hash_key("client_profile", **GLOBEX)
    stores.by_hand.call(b"HSET", key, timestamp_field("client_profile"), encode_event_time(ahead))
    assert kinds(stores.check_store(), "client_profile") == {"skew"}


def test_a_clock_that_is_ahead_in_a_table_is_counted(stores: BothStores) -> None:
    stores.add("client_profile", {**PROFILE, EVENT_TIMESTAMP: START + 2 * DAY, CREATED: START + DAY})
    stores.materialize("client_profile")
    assert stores.check_store().rows_from_the_future == {**dict.fromkeys(PLAN.views, 0), "client_profile": 1}


def test_a_sample_looks_up_so_many_rows_of_each_view(stores: BothStores) -> None:
    compared = {view: found.compared for view, _, found in stores.check_store(sample=1)}
    assert compared["segment_memory"] == 2  # one entity, by name and through its service


def test_a_lake_without_a_view_checks_the_others(tmp_path: Path, store: str) -> None:
    stores = BothStores(tmp_path, store)
    stores.lake.storage.delete("features_client_usage")
    stores.materialize(*(PLAN.views.keys() - {"client_usage"}))
    tally = stores.check_store()
    assert faulty_views(tally) == set()
    assert "client_usage" not in {view for view, _, _ in tally}
    stores.reader.close()
