"""Logged requests are compared with the tables as of their own time, whatever happened since."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.layout.field import feature_field
from pipelines.errors import MisuseError
from tests.features.consistency.both_stores import NOW, BothStores, faults, faulty_views, kinds, now_us
from tests.features.feature_lake import DAY, HOUR, START

ENTITIES = {"source_language": ["de"], "target_language": ["en"], "client_id": ["acme"]}
SECOND = 1_000_000
USAGE = {"client_id": "acme", "requests_1h": 5, "characters_24h": 1_000_000}


@pytest.fixture
def stores(tmp_path: Path, store: str) -> Iterator[BothStores]:
    """Tables with the use of a client an hour ago, and a store that was filled from them."""
    made = BothStores(tmp_path, store)
    made.add("client_usage", {**USAGE, EVENT_TIMESTAMP: NOW - HOUR})
    made.materialize()
    yield made
    made.reader.close()


def ask(stores: BothStores, at_us: int | None = None) -> None:
    """A request of the gateway, for one client and language pair."""
    stores.ask("translation_request", ENTITIES, at_us, source_characters=100)


def test_answers_of_a_sound_store_have_no_fault(stores: BothStores) -> None:
    ask(stores)
    tally = stores.check_log()
    assert faults(tally) == {}
    assert {view for view, _, _ in tally} == {
        "client_allowance",
        "client_profile",
        "client_usage",
        "language_pair_statistics",
        "translation_budget",
    }


def test_what_changed_since_a_request_makes_no_difference(stores: BothStores) -> None:
    ask(stores, now_us() - 40 * 60 * SECOND)
    stores.add("client_usage", {**USAGE, "requests_1h": 6, EVENT_TIMESTAMP: NOW - HOUR / 2})
    stores.materialize()
    ask(stores)
    assert faults(stores.check_log()) == {}


def test_a_row_that_grew_too_old_is_null_on_both_sides(stores: BothStores) -> None:
    stores.add("client_usage", {**USAGE, "client_id": "old", EVENT_TIMESTAMP: NOW - DAY})  # the view's maximum age
    stores.materialize()
    stores.ask("translation_request", {**ENTITIES, "client_id": ["old"]}, source_characters=100)
    tally = stores.check_log()
    assert faults(tally) == {}
    assert tally.features["client_usage", "requests_1h"].verdicts == {"equal": 1}


def test_a_late_row_is_told_apart_from_a_fault(stores: BothStores) -> None:
    ask(stores)
    late = {EVENT_TIMESTAMP: NOW - HOUR / 2, CREATED: NOW + HOUR}
    stores.add("client_usage", {**USAGE, "requests_1h": 6, **late})
    assert faults(stores.check_log()) == {"client_usage.requests_1h": {"late": 1}}


def test_a_late_row_reaches_what_is_computed_from_it(stores: BothStores) -> None:
    ask(stores)
    late = {EVENT_TIMESTAMP: NOW - HOUR / 2, CREATED: NOW + HOUR}
    stores.add("client_usage", {**USAGE, "characters_24h": 2_000_000, **late})
    assert kinds(stores.check_log(), "client_allowance") == {"late"}


def test_a_lost_write_is_found_after_it_was_repaired(stores: BothStores) -> None:
    stores.by_hand.call(b"DEL", stores.by_hand.hash_key("client_profile", client_id="acme"))
    ask(stores)
    stores.materialize()
    tally = stores.check_log()
    assert kinds(tally, "client_profile") == {"missing"}
    assert kinds(tally, "client_usage") == {"missing"}  # it lies in the same hash
    assert kinds(tally, "client_allowance") == {"null_difference"}
    assert kinds(tally, "language_pair_statistics") == set()


def test_an_older_row_is_stale(stores: BothStores) -> None:
    stores.add("client_profile", {"client_id": "acme", "tier": "free", EVENT_TIMESTAMP: START + DAY})
    ask(stores)
    tally = stores.check_log()
    assert faulty_views(tally) == {"client_profile", "client_allowance"}
    assert kinds(tally, "client_profile") == {"stale"}


def test_a_value_of_a_wrong_type_is_told(stores: BothStores) -> None:
    key = stores.by_hand.hash_key("client_profile", client_id="acme")
    stores.by_hand.call(b"DEL", stores.by_hand.packed_key("translation_request", "client_profile", client_id="acme"))
    stores.by_hand.call(b"HSET", key, feature_field("client_profile", "tier"), bytes.fromhex("2005"))
    ask(stores)
    assert faults(stores.check_log())["client_profile.tier"] == {"wrong_type": 1}


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_server_whose_clock_is_wrong_is_skew(stores: BothStores, hours: int) -> None:
    ask(stores, now_us() + hours * 3600 * SECOND)
    assert kinds(stores.check_log(), "client_usage") == {"skew"}


def test_answers_before_a_time_are_left_out(stores: BothStores) -> None:
    before = now_us()
    ask(stores, before - SECOND)
    ask(stores, before)
    assert stores.check_log(since=before).features["client_profile", "tier"].compared == 1


def test_a_damaged_line_is_counted(stores: BothStores) -> None:
    ask(stores)
    (stores.log.folder / "requests-0.jsonl").write_text('{"at": 12\n')
    tally = stores.check_log()
    assert (tally.unreadable, faults(tally)) == (1, {})


def test_a_sample_keeps_whole_histories(stores: BothStores) -> None:
    clients = [f"client-{number}" for number in range(50)]
    entities = {name: values * 50 for name, values in ENTITIES.items()} | {"client_id": clients}
    for second in range(4):
        stores.ask("translation_request", entities, now_us() - second * SECOND, source_characters=1)
    compared = stores.check_log(sample=80).features["client_profile", "tier"].compared
    assert 0 < compared <= 80
    assert compared % 4 == 0


def test_without_a_log_there_is_an_error(stores: BothStores) -> None:
    with pytest.raises(MisuseError, match="no folder of requests"):
        stores.check_log()
