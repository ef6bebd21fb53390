"""What a lookup returns: values, statuses and event times, in both kinds of store, by hand."""

from datetime import UTC, datetime

import pytest
from stores import HOUR, NOW, PLAN, SECOND, TRUSTED, write

from features.freshness import Status
from features.online.columns import RequestTooLargeError
from features.online.lookup import CHUNK
from features.online.reader import OnlineReader
from features.store.address import parse_address
from features.store.plan_store import publish_plan

PRESENT, NULL, NOT_FOUND, OUTSIDE = (
    Status.PRESENT,
    Status.NULL_VALUE,
    Status.NOT_FOUND,
    Status.OUTSIDE_MAX_AGE,
)


def test_a_service_gives_a_column_for_each_feature_and_an_item_for_each_row(url: str):
    write(url, "document", {"doc_id": "a", "tokens": 7, "title": "größer 語", "reasons": ["x", ""]}, at=NOW - 5)
    write(url, "document", {"doc_id": "b", "tokens": -1, "title": "", "reasons": []}, at=NOW - 9)
    write(url, "decision", {"doc_id": "a", "kept": False, "score": 0.5})

    vectors = OnlineReader(url, plan=PLAN).get("curation", {"doc_id": ["b", "a"]}, at_us=NOW)

    assert vectors.names == ("tokens", "title", "reasons", "kept", "score")
    assert vectors.views == ("document", "document", "document", "decision", "decision")
    assert vectors.columns == [[-1, 7], ["", "größer 語"], [[], ["x", ""]], [None, False], [None, 0.5]]
    assert vectors.statuses == [[PRESENT, PRESENT]] * 3 + [[NOT_FOUND, PRESENT]] * 2
    assert vectors.event_times == [[NOW - 9, NOW - 5]] * 3 + [[None, NOW - SECOND]] * 2
    assert vectors.rows()[1] == {"tokens": 7, "title": "größer 語", "reasons": ["x", ""], "kept": False, "score": 0.5}
    assert vectors.to_dict()["title"] == ["", "größer 語"]


def test_a_null_has_a_status_of_its_own(url: str):
    write(url, "document", {"doc_id": "a", "tokens": 7}, {"doc_id": "b", "title": "t"})

    vectors = OnlineReader(url, plan=PLAN).get("curation", {"doc_id": ["a", "b", "c"]}, at_us=NOW)

    assert vectors.columns[:3] == [[7, None, None], [None, "t", None], [None, None, None]]
    assert vectors.statuses[:3] == [
        [PRESENT, NULL, NOT_FOUND],
        [NULL, PRESENT, NOT_FOUND],
        [NULL, NULL, NOT_FOUND],
    ]


def test_an_entity_that_is_gone_has_nulls(url: str):
    write(url, "document", {"doc_id": "a", "tokens": 7}, at=NOW - 9)
    write(url, "document", {"doc_id": "a"}, at=NOW - 5)

    vectors = OnlineReader(url, plan=PLAN).get("curation", {"doc_id": ["a"]}, at_us=NOW)

    assert vectors.statuses[:3] == [[NULL]] * 3
    assert vectors.event_times[0] == [NOW - 5]


@pytest.mark.parametrize("features", ["curation", ["decision:kept", "decision:score"]], ids=["packed", "Feast's"])
@pytest.mark.parametrize(
    ("event", "status"),
    [
        (NOW - HOUR - 1, OUTSIDE),
        (NOW - HOUR, PRESENT),
        (NOW, PRESENT),
        (NOW + 1, OUTSIDE),
    ],
)
def test_a_row_counts_from_its_event_time_to_the_end_of_its_max_age(
    store: str, event: int, status: Status, features: str
):
    write(store, "decision", {"doc_id": "a", "kept": True, "score": 0.5}, {"doc_id": "b", "kept": False}, at=event)

    vectors = OnlineReader(store, plan=PLAN).get(features, {"doc_id": ["a", "b", "c"]}, at_us=NOW)

    is_fresh = status is PRESENT
    assert vectors.columns[-2:] == ([[True, False, None], [0.5, None, None]] if is_fresh else [[None] * 3] * 2)
    assert vectors.statuses[-2] == [status, status, NOT_FOUND]
    assert vectors.statuses[-1] == [status, NULL if is_fresh else OUTSIDE, NOT_FOUND]
    assert vectors.event_times[-1] == [event, event, None]


def test_rows_that_are_fresh_stay_beside_rows_that_are_not(url: str):
    write(url, "decision", {"doc_id": "old", "kept": True}, at=NOW - 2 * HOUR)
    write(url, "decision", {"doc_id": "new", "kept": True}, at=NOW - 1)

    vectors = OnlineReader(url, plan=PLAN).get("curation", {"doc_id": ["old", "new"]}, at_us=NOW)

    assert vectors.columns[3] == [None, True]
    assert vectors.statuses[3] == [OUTSIDE, PRESENT]


def test_views_are_found_by_their_own_keys_in_whatever_order_these_are_given(url: str):
    seen = datetime(2026, 11, 1, tzinfo=UTC)
    write(url, "pair", {"source": "de", "target": "en", "ratio": 0.5, "seen": seen})
    write(url, "pair", {"source": "en", "target": "de", "ratio": 2.0, "seen": seen})
    write(url, "decision", {"doc_id": "a", "score": 0.25})
    reader = OnlineReader(url, plan=PLAN, trusted_modules=TRUSTED)

    vectors = reader.get(
        "gateway",
        {"target": ["de", "en", "en"], "doc_id": ["a", "a", "z"], "source": ["en", "de", "fr"]},
        {"characters": [10, 10, 10]},
        at_us=NOW,
    )

    assert vectors.to_dict() == {
        "ratio": [2.0, 0.5, None],
        "seen": [seen, seen, None],
        "score": [0.25, 0.25, None],
        "longest": [20.0, 5.0, None],
    }
    assert vectors.statuses[3] == [PRESENT, PRESENT, NULL]
    assert vectors.event_times[3] == [None] * 3


def test_a_list_of_features_comes_in_its_own_order(url: str):
    write(url, "document", {"doc_id": "a", "tokens": 7, "title": "t"})
    write(url, "decision", {"doc_id": "a", "kept": True})

    vectors = OnlineReader(url, plan=PLAN).get(
        ["document:title", "decision:kept", "document:tokens"], {"doc_id": ["a"]}, at_us=NOW
    )

    assert vectors.rows() == [{"title": "t", "kept": True, "tokens": 7}]


def test_an_on_demand_feature_alone_needs_only_its_inputs_and_request_values_may_be_among_the_entities(url: str):
    write(url, "pair", {"source": "de", "target": "en", "ratio": 0.5})

    vectors = OnlineReader(url, plan=PLAN, trusted_modules=TRUSTED).get(
        ["limit:longest"], {"source": ["de"], "target": ["en"], "characters": [30]}, at_us=NOW
    )

    assert vectors.rows() == [{"longest": 15.0}]


def test_full_names_have_the_view(url: str):
    write(url, "decision", {"doc_id": "a", "kept": True})

    vectors = OnlineReader(url, plan=PLAN).get(["decision:kept"], {"doc_id": ["a"]}, at_us=NOW, full_names=True)

    assert vectors.rows() == [{"decision__kept": True}]


def test_no_rows_give_empty_columns(url: str):
    vectors = OnlineReader(url, plan=PLAN).get("curation", {"doc_id": []})

    assert vectors.columns == [[], [], [], [], []]
    assert vectors.rows() == []


def test_an_entity_that_is_asked_for_often_is_in_every_row(url: str):
    write(url, "document", {"doc_id": "a", "tokens": 1}, {"doc_id": "b", "tokens": 2})

    vectors = OnlineReader(url, plan=PLAN).get("curation", {"doc_id": ["a", "b", "a", "c", "a"]}, at_us=NOW)

    assert vectors.columns[0] == [1, 2, 1, None, 1]


def test_more_rows_than_one_round_trip_carries(url: str):
    rows = 2 * CHUNK + 10
    write(url, "document", *({"doc_id": str(number), "tokens": number} for number in range(0, rows, 2)))

    vectors = OnlineReader(url, plan=PLAN).get(
        "curation", {"doc_id": [str(number) for number in range(rows)]}, at_us=NOW, timeout=30
    )

    assert vectors.columns[0] == [None if number % 2 else number for number in range(rows)]


def test_a_request_over_the_limit_is_refused(store: str):
    reader = OnlineReader(store, plan=PLAN, max_rows=3)

    with pytest.raises(RequestTooLargeError, match=r"4 rows; at most 3 are allowed"):
        reader.get("curation", {"doc_id": ["a"] * 4})


def test_the_definitions_come_from_the_store_and_are_read_again_when_asked(url: str):
    publish_plan(parse_address(url), PLAN)
    reader = OnlineReader(url, "p")
    assert reader.plan() == PLAN
    assert not reader.refresh()

    smaller = type(PLAN)("p", PLAN.views, {"curation": PLAN.services["curation"]}, {})
    publish_plan(parse_address(url), smaller)

    assert reader.refresh()
    assert reader.plan() == smaller


def test_now_is_the_time_of_a_request_that_names_none(url: str):
    write(url, "decision", {"doc_id": "a", "kept": True}, at=NOW)

    vectors = OnlineReader(url, plan=PLAN).get("curation", {"doc_id": ["a"]})

    assert vectors.statuses[3] == [OUTSIDE]  # NOW is not now


def test_a_hundred_thousand_entities(store: str):
    write(store, "document", *({"doc_id": str(number), "tokens": number} for number in range(0, 100_000, 1_000)))

    vectors = OnlineReader(store, plan=PLAN).get(
        ["document:tokens"], {"doc_id": [str(number) for number in range(100_000)]}, at_us=NOW, timeout=60
    )

    assert [value for value in vectors.columns[0] if value is not None] == list(range(0, 100_000, 1_000))
    assert vectors.statuses[0].count(NOT_FOUND) == 100_000 - 100
