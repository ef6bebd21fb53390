"""A batch with one bad row is refused whole, with words that lead to the row."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue.catalogue import CATALOGUE
from features.definition.value_type import ValueType
from features.definition.view import CREATED, EVENT_TIMESTAMP, Entity, Expectation, Feature, View
from features.quality.expectations import RefusedBatchError, check
from features.tables import table_of
from pipelines.tables import TIMESTAMP
from tests.features import feature_lake

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000

VIEW = View(
    "example",
    entities=(Entity("thing", "thing_id", ValueType.STRING, "a thing"),),
    features=(
        Feature("share", ValueType.DOUBLE, "a share", Expectation(minimum=0, maximum=1)),
        Feature("score", ValueType.FLOAT, "any number, or none", Expectation(nan=True)),
        Feature("count", ValueType.INT64, "must be there", Expectation(required=True)),
        Feature("tier", ValueType.STRING, "one of two", Expectation(allowed=("free", "premium"))),
        Feature("shares", ValueType.DOUBLE_LIST, "several", Expectation(minimum=0)),
    ),
    about="for these tests",
)
GOOD = {"thing_id": "a", "share": 0.5, "score": 1.5, "count": 3, "tier": "free", "shares": [0.0, 2.0]}


def batch(*rows: Mapping[str, Any]) -> pa.Table:
    """Rows of the view: good ones, but for the values given."""
    whole = [{EVENT_TIMESTAMP: NOW, CREATED: NOW, **GOOD, **row} for row in rows]
    return pa.Table.from_pylist(whole, schema=table_of(VIEW).schema)


def refused(*rows: Mapping[str, Any]) -> RefusedBatchError:
    """The refusal of a batch."""
    with pytest.raises(RefusedBatchError) as caught:
        check(VIEW, batch(*rows), NOW_US)
    return caught.value


def test_good_rows_pass() -> None:
    check(VIEW, batch({}, {"share": 0.0}, {"share": 1.0}, {"tier": "premium"}, {"shares": []}), NOW_US)


def test_values_may_be_null_unless_they_are_required() -> None:
    check(VIEW, batch({"share": None, "score": None, "tier": None, "shares": None}), NOW_US)


def test_no_rows_pass() -> None:
    check(VIEW, batch(), NOW_US)


@pytest.mark.parametrize("view", CATALOGUE.views, ids=lambda view: view.name)
def test_the_hand_made_histories_are_what_their_views_expect(view: View) -> None:
    rows = [{CREATED: row[EVENT_TIMESTAMP], **row} for row in feature_lake.HISTORIES[view.name]]
    check(view, pa.Table.from_pylist(rows, schema=table_of(view).schema))


@pytest.mark.parametrize(
    ("bad", "column", "rule"),
    [
        ({"share": -0.001}, "share", "at least 0"),
        ({"share": 1.001}, "share", "at most 1"),
        ({"share": float("nan")}, "share", "finite"),
        ({"count": None}, "count", "not null"),
        ({"tier": "gold"}, "tier", "among free, premium"),
        ({"tier": ""}, "tier", "among free, premium"),
        ({"shares": [1.0, -1.0]}, "shares", "at least 0"),
        ({"shares": [1.0, float("nan")]}, "shares", "finite"),
        ({"shares": [1.0, None]}, "shares", "a list without nulls"),
        ({"thing_id": None}, "thing_id", "not null"),
        ({"thing_id": "ä" * 4097}, "thing_id", "of at most 8,192 bytes"),
        ({EVENT_TIMESTAMP: None}, EVENT_TIMESTAMP, "not null"),
        ({EVENT_TIMESTAMP: datetime(1969, 12, 31, tzinfo=UTC)}, EVENT_TIMESTAMP, "after 1970"),
        ({EVENT_TIMESTAMP: NOW + timedelta(days=2)}, EVENT_TIMESTAMP, "not later than tomorrow"),
        ({CREATED: None}, CREATED, "not null"),
    ],
)
def test_a_bad_row_is_found_among_good_ones(bad: Mapping[str, Any], column: str, rule: str) -> None:
    (breach,) = refused({}, {"thing_id": "b"}, {"thing_id": "bad", **bad}, {}).breaches
    assert (breach.column, breach.rule, breach.rows, breach.row) == (column, rule, 1, 2)
    assert breach.key == {"thing_id": bad.get("thing_id", "bad") if "thing_id" in bad else "bad"}


def test_infinity_is_no_value_where_nan_is_none() -> None:
    rules = [breach.rule for breach in refused({"share": float("inf")}).breaches]
    assert rules == ["finite", "at most 1"]


def test_nan_passes_where_it_means_something() -> None:
    check(VIEW, batch({"score": float("nan")}, {"score": float("-inf")}), NOW_US)


def test_a_row_that_retracts_its_entity_needs_no_values() -> None:
    check(VIEW, batch(dict.fromkeys(each.name for each in VIEW.features)), NOW_US)


def test_a_row_that_retracts_its_entity_needs_a_key_and_a_time() -> None:
    nothing = dict.fromkeys(each.name for each in VIEW.features)
    found = refused({**nothing, "thing_id": None, EVENT_TIMESTAMP: None})
    assert [breach.column for breach in found.breaches] == ["thing_id", EVENT_TIMESTAMP]


def test_every_broken_rule_is_told_with_its_rows() -> None:
    words = str(refused({"tier": "gold"}, {}, {"tier": "silver", "share": 7.0}))
    assert words.splitlines() == [
        "batch refused, the values before it stay:",
        "  view example, share: must be at most 1, and 1 of 3 rows are not; the first is row 2 (thing_id='a'): 7.0",
        "  view example, tier: must be among free, premium, and 2 of 3 rows are not; "
        "the first is row 0 (thing_id='a'): 'gold'",
    ]


def test_a_time_that_no_calendar_of_python_has_is_told_too() -> None:
    """A time in the year 10,000, and one before the year 1, in microseconds."""
    rows = batch({}, {})
    place = rows.schema.get_field_index(EVENT_TIMESTAMP)
    times = pa.array([253_402_300_800_000_000, -62_135_596_800_000_001], pa.int64()).cast(TIMESTAMP)
    with pytest.raises(RefusedBatchError) as raised:
        check(VIEW, rows.set_column(place, EVENT_TIMESTAMP, times), NOW_US)
    assert [breach.value for breach in raised.value.breaches] == [
        "0000-12-31T23:59:59.999999Z",
        "10000-01-01T00:00:00.000000Z",
    ]


@pytest.mark.parametrize("microseconds", [253_402_300_800_000_000, -62_135_596_800_000_001])
def test_values_are_times_that_a_calendar_has(microseconds: int) -> None:
    view = CATALOGUE.view("client_usage")
    row = {"client_id": "a", EVENT_TIMESTAMP: NOW, CREATED: NOW, "last_request": NOW}
    rows = pa.Table.from_pylist([row], schema=table_of(view).schema)
    time = pa.array([microseconds], pa.int64()).cast(TIMESTAMP)
    place = rows.schema.get_field_index("last_request")
    check(view, rows, NOW_US)
    with pytest.raises(RefusedBatchError, match="last_request: must be in the years 1 to 9999"):
        check(view, rows.set_column(place, "last_request", time), NOW_US)


def test_a_key_that_is_too_long_is_told_in_short() -> None:
    assert len(str(refused({"thing_id": "x" * 9_000}))) < 400


def test_a_column_of_another_type_is_refused() -> None:
    rows = batch({})
    texts = rows.set_column(rows.schema.get_field_index("count"), "count", pa.array(["3"]))
    with pytest.raises(RefusedBatchError, match=r"count: .* a column of type int64"):
        check(VIEW, texts, NOW_US)


def test_a_missing_column_is_refused() -> None:
    with pytest.raises(RefusedBatchError, match=r"view example, tier: .* a column of type string"):
        check(VIEW, batch({}).drop_columns(["tier"]), NOW_US)


@given(st.lists(st.none() | st.floats(allow_nan=True) | st.floats(0, 1), min_size=1, max_size=20), st.integers(1, 5))
def test_a_batch_passes_if_and_only_if_each_of_its_values_does(shares: list[float | None], chunk: int) -> None:
    rows = batch(*({"share": share} for share in shares))
    chunked = pa.concat_tables([rows.slice(at, chunk) for at in range(0, rows.num_rows, chunk)])
    bad = [at for at, share in enumerate(shares) if share is not None and not 0 <= share <= 1]
    if not bad:
        check(VIEW, chunked, NOW_US)
        return
    with pytest.raises(RefusedBatchError) as caught:
        check(VIEW, chunked, NOW_US)
    assert min(breach.row for breach in caught.value.breaches) == bad[0]
