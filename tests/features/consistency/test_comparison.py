"""The rules by which an answer is compared with the tables: what is right, and what each fault is called."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.consistency.answer import Answer
from features.consistency.comparison import History, Judgement, Row, Terms, Verdict, equal, judge, judge_on_demand
from features.definition.value_type import ValueType
from features.freshness import Status

TYPES = {"count": ValueType.INT64, "name": ValueType.STRING}
LAG = 10
NOW = 10_000
TERMS = Terms(now=NOW, lag=LAG, tolerance=5)


def row(event: int, created: int | None = None, count: int | None = 1, name: str | None = "a") -> Row:
    """A row of the table; created at once."""
    return Row(event, event if created is None else created, {"count": count, "name": name})


def history(*rows: Row, max_age: int | None = None) -> History:
    """The rows of an entity, in any order."""
    return History(sorted(rows, key=lambda each: (each.event, each.created)), max_age)


def answer(at: int, event: int | None, count: Any = 1, name: Any = "a", status: Status = Status.PRESENT) -> Answer:
    """What was served at a time, from the row of an event time."""
    values = {"count": count, "name": name}
    statuses = {feature: int(status if values[feature] is not None else Status.NULL_VALUE) for feature in values}
    return Answer(at, "plan", None, "view", {"key": 1}, {}, event, values, statuses)


def nothing(at: int, status: Status = Status.NOT_FOUND) -> Answer:
    """An answer that found no row."""
    return Answer(at, "plan", None, "view", {"key": 1}, {}, None, dict.fromkeys(TYPES), dict.fromkeys(TYPES, status))


def verdict(past: History, given: Answer) -> Verdict:
    """The verdict on the count of an answer."""
    return judge(past, given, TYPES, TERMS)["count"].verdict


# What is right


def test_the_newest_row_is_equal() -> None:
    assert verdict(history(row(100), row(200, count=2)), answer(1000, 200, count=2)) is Verdict.EQUAL


def test_a_row_after_the_request_does_not_count() -> None:
    assert verdict(history(row(100), row(2000, count=2)), answer(1000, 100)) is Verdict.EQUAL


def test_an_entity_that_is_nowhere_is_equal() -> None:
    assert verdict(history(), nothing(1000)) is Verdict.EQUAL


def test_a_row_outside_its_maximum_age_is_null_on_both_sides() -> None:
    served = answer(1000, 100, count=None, name=None, status=Status.OUTSIDE_MAX_AGE)
    assert verdict(history(row(100), max_age=50), served) is Verdict.EQUAL
    assert verdict(history(row(100), max_age=50), nothing(1000)) is Verdict.EQUAL


def test_the_maximum_age_itself_still_counts() -> None:
    assert verdict(history(row(100), max_age=50), answer(150, 100)) is Verdict.EQUAL
    assert verdict(history(row(100), max_age=50), answer(151, 100)) is Verdict.NULL_DIFFERENCE


def test_of_two_rows_with_one_event_time_the_last_created_is_right() -> None:
    past = history(row(100, 100), row(100, 300, count=2))
    assert verdict(past, answer(1000, 100, count=2)) is Verdict.EQUAL
    assert verdict(past, answer(1000, 100, count=1)) is Verdict.MISMATCH


def test_an_entity_that_is_gone_is_null() -> None:
    past = history(row(100), row(200, count=None, name=None))
    assert verdict(past, answer(1000, 200, count=None, name=None)) is Verdict.EQUAL
    assert verdict(past, answer(1000, 100)) is Verdict.STALE


# What became known late


def test_a_row_created_after_the_request_is_late() -> None:
    past = history(row(100), row(200, created=1500, count=2))
    assert verdict(past, answer(1000, 100)) is Verdict.LATE


@pytest.mark.parametrize(("created", "expected"), [(990, Verdict.STALE), (991, Verdict.LATE)])
def test_a_row_may_be_missing_online_for_as_long_as_the_lag(created: int, expected: Verdict) -> None:
    past = history(row(100), row(200, created=created, count=2))
    assert verdict(past, answer(1000, 100)) is expected


def test_a_new_entity_may_be_missing_online_for_as_long_as_the_lag() -> None:
    assert verdict(history(row(200, created=991)), nothing(1000)) is Verdict.LATE
    assert verdict(history(row(200, created=990)), nothing(1000)) is Verdict.MISSING


def test_a_late_row_with_the_same_value_makes_no_difference() -> None:
    past = history(row(100), row(200, created=1500, name="b"))
    judged = judge(past, answer(1000, 100), TYPES, TERMS)
    assert {feature: each.verdict for feature, each in judged.items()} == {
        "count": Verdict.EQUAL,
        "name": Verdict.LATE,
    }


def test_a_row_that_was_pushed_may_reach_its_table_later() -> None:
    assert verdict(history(), answer(NOW, NOW - 9)) is Verdict.LATE
    assert verdict(history(), answer(NOW, NOW - 10)) is Verdict.EXTRA


# What is wrong


def test_a_row_that_is_not_found_is_missing() -> None:
    assert verdict(history(row(100)), nothing(1000)) is Verdict.MISSING


def test_an_older_row_is_stale() -> None:
    assert verdict(history(row(100), row(200, count=2)), answer(1000, 100)) is Verdict.STALE


def test_a_row_that_no_table_has_is_extra() -> None:
    assert verdict(history(row(100)), answer(1000, 150, count=7)) is Verdict.EXTRA
    assert verdict(history(), answer(1000, 150)) is Verdict.EXTRA


def test_another_value_in_the_same_row_is_a_mismatch() -> None:
    assert judge(history(row(100)), answer(1000, 100, count=7), TYPES, TERMS)["count"] == Judgement(
        Verdict.MISMATCH, 7, 1
    )


def test_null_on_one_side_is_a_null_difference() -> None:
    assert verdict(history(row(100)), answer(1000, 100, count=None)) is Verdict.NULL_DIFFERENCE
    assert verdict(history(row(100, count=None)), answer(1000, 100)) is Verdict.NULL_DIFFERENCE


@pytest.mark.parametrize("served", [1.0, True, "1", [1]])
def test_a_value_of_another_type_is_told(served: Any) -> None:
    assert verdict(history(row(100)), answer(1000, 100, count=served)) is Verdict.WRONG_TYPE


def test_a_value_that_the_reader_could_not_decode_is_of_a_wrong_type() -> None:
    served = answer(1000, 100, count=None)
    invalid = Answer(**{**vars(served), "statuses": {"count": Status.INVALID, "name": Status.PRESENT}})
    judged = judge(history(row(100)), invalid, TYPES, TERMS)
    assert [each.verdict for each in judged.values()] == [Verdict.WRONG_TYPE, Verdict.EQUAL]


def test_an_event_time_after_the_request_is_skew() -> None:
    ahead = answer(1000, 1001, count=None, name=None, status=Status.OUTSIDE_MAX_AGE)
    assert verdict(history(row(100), row(1001)), ahead) is Verdict.SKEW


def test_a_request_from_after_the_check_is_skew() -> None:
    assert verdict(history(row(100)), answer(NOW + 5, 100)) is Verdict.EQUAL
    assert verdict(history(row(100)), answer(NOW + 6, 100)) is Verdict.SKEW


def test_rows_that_were_true_only_after_they_were_known_are_counted() -> None:
    past = history(row(100, created=50), row(200, created=195), row(300, created=4000))
    assert past.from_the_future(tolerance=5) == 1


# For every history

_EVENTS = st.integers(0, 40)
_ROWS = st.lists(st.tuples(_EVENTS, st.integers(0, 80), st.none() | st.integers(0, 3)), max_size=8)
_MAX_AGE = st.none() | st.integers(0, 40)


def _rows(drawn: Sequence[tuple[int, int, int | None]]) -> list[Row]:
    """Rows of which no two have one event time and one time of creation."""
    unique: Mapping[tuple[int, int], int | None] = {(event, created): count for event, created, count in drawn}
    return [row(event, created, count=count) for (event, created), count in unique.items()]


def _lookup(rows: Sequence[Row], at: int, max_age: int | None) -> Answer:
    """What a store that holds these rows answers: the newest wins, then it must be fresh."""
    past = [each for each in rows if each.event <= at]
    if not past:
        return nothing(at)
    newest = max(past, key=lambda each: (each.event, each.created))
    if max_age is not None and at - newest.event > max_age:
        return answer(at, newest.event, count=None, name=None, status=Status.OUTSIDE_MAX_AGE)
    return answer(at, newest.event, count=newest.values["count"], name=newest.values["name"])


@given(_ROWS, st.integers(0, 80), _MAX_AGE)
def test_a_store_that_knows_every_row_is_equal(drawn: Any, at: int, max_age: int | None) -> None:
    rows = _rows(drawn)
    judged = judge(history(*rows, max_age=max_age), _lookup(rows, at, max_age), TYPES, TERMS)
    assert {each.verdict for each in judged.values()} == {Verdict.EQUAL}


@given(_ROWS, st.integers(0, 80), _MAX_AGE, st.data())
def test_a_store_that_knows_every_settled_row_is_equal_or_late(
    drawn: Any, at: int, max_age: int | None, data: st.DataObject
) -> None:
    rows = _rows(drawn)
    known = [each for each in rows if each.created <= at - LAG or data.draw(st.booleans())]
    judged = judge(history(*rows, max_age=max_age), _lookup(known, at, max_age), TYPES, TERMS)
    assert {each.verdict for each in judged.values()} <= {Verdict.EQUAL, Verdict.LATE}


@given(_ROWS, st.integers(0, 80), _MAX_AGE, st.data())
def test_a_store_that_lost_a_row_is_right_only_where_no_value_changed(
    drawn: Any, at: int, max_age: int | None, data: st.DataObject
) -> None:
    settled = {each.event: each.values for each in _rows(drawn) if each.created <= at - LAG}
    rows = [Row(event, 0, values) for event, values in settled.items()]
    known = [each for each in rows if data.draw(st.booleans())]
    served, right = _lookup(known, at, max_age), _lookup(rows, at, max_age)
    for feature, judged in judge(history(*rows, max_age=max_age), served, TYPES, TERMS).items():
        assert (judged.verdict in (Verdict.EQUAL, Verdict.LATE)) == (served.values[feature] == right.values[feature])


# On-demand views


def _double(columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {"total": [None if each is None else each * times for each, times in zip(*columns.values(), strict=True)]}


def _total(served: int | None, *rows: Row) -> Verdict:
    """The verdict on a total that was computed from the count of an entity and a factor of the request."""
    given = Answer(1000, "plan", "service", "sum", {"key": 1}, {"times": 2}, None, {"total": served}, {"total": 1})
    types, inputs = {"total": ValueType.INT64}, [("view", "count")]
    return judge_on_demand(given, types, inputs, {"view": history(*rows)}, _double, TERMS)["total"].verdict


def test_a_computed_feature_is_computed_again() -> None:
    assert _total(6, row(100, count=3)) is Verdict.EQUAL
    assert _total(7, row(100, count=3)) is Verdict.MISMATCH
    assert _total(None, row(100, count=3)) is Verdict.NULL_DIFFERENCE
    assert _total(None) is Verdict.EQUAL


def test_a_computed_feature_is_late_when_an_input_was() -> None:
    assert _total(6, row(100, count=3), row(200, created=1500, count=4)) is Verdict.LATE


# Values


def test_nan_equals_nan_and_numbers_of_other_types_do_not() -> None:
    assert equal(float("nan"), float("nan"))
    assert equal([1.5, float("nan")], [1.5, float("nan")])
    assert not equal(1, True)
    assert not equal([1], [1, 2])
    assert not equal(0, None)
