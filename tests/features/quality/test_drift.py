"""Summaries of values, and how far two of them are apart."""

import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.definition.value_type import ValueType
from features.quality.drift import Drift, chi_squared_bound, drift, stability_index
from features.quality.summary import CATEGORIES, Summary, summarise
from features.tables import arrow_type

COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=12)
NUMBERS = st.lists(st.none() | st.floats(), max_size=80)


def summary(values: list[Any], value_type: ValueType = ValueType.DOUBLE, like: Summary | None = None) -> Summary:
    """The summary of some values."""
    return summarise(pa.chunked_array([pa.array(values, arrow_type(value_type))]), value_type, like)


def drifted(before: list[Any], after: list[Any], value_type: ValueType = ValueType.DOUBLE) -> Drift:
    """The drift from some values to others."""
    baseline = summary(before, value_type)
    return drift(baseline, summary(after, value_type, baseline))


# The index


@given(COUNTS)
def test_equal_counts_have_index_zero(counts: list[int]) -> None:
    assert stability_index(counts, counts) == 0


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=2, max_size=12), st.randoms())
def test_the_index_is_symmetric_not_negative_and_blind_to_order(pairs: list[tuple[int, int]], random: Any) -> None:
    before, after = zip(*pairs, strict=True)
    index = stability_index(before, after)
    assert index >= 0
    assert index == pytest.approx(stability_index(after, before))
    random.shuffle(pairs)
    assert index == pytest.approx(stability_index(*zip(*pairs, strict=True)))


def test_the_index_is_that_of_its_formula() -> None:
    expected = (0.75 - 0.25) * math.log(0.75 / 0.25) * 2
    assert stability_index([75_000_000, 25_000_000], [25_000_000, 75_000_000]) == pytest.approx(expected)


@pytest.mark.parametrize(("freedom", "value"), [(1, 10.83), (3, 16.27), (9, 27.88), (20, 45.31)])
def test_the_bound_of_chance_is_that_of_the_tables(freedom: int, value: float) -> None:
    assert chi_squared_bound(freedom) == pytest.approx(value, rel=0.04)


# Numbers


def test_samples_of_one_distribution_do_not_drift() -> None:
    random = np.random.default_rng(7)
    sizes = [(50, 10), (200, 30), (1000, 1000), (5000, 40)]
    found = [
        drifted(random.normal(size=before).tolist(), random.normal(size=after).tolist()).has_drifted
        for before, after in sizes * 50
    ]
    assert sum(found) <= 2  # of 200


@pytest.mark.parametrize("change", [lambda x: x + 1, lambda x: 2 * x, lambda x: abs(x)])
def test_a_changed_distribution_drifts(change: Any) -> None:
    random = np.random.default_rng(7)
    found = drifted(random.normal(size=2000).tolist(), change(random.normal(size=2000)).tolist())
    assert found.values_drifted
    assert not found.nulls_drifted


def test_few_values_are_no_drift_whatever_they_are() -> None:
    found = drifted([float(each) for each in range(1000)], [5000.0, 6000.0])
    assert found.index is not None
    assert found.index > 0.25
    assert not found.values_drifted


def test_values_that_become_nan_drift() -> None:
    numbers = [float(each) for each in range(1000)]
    assert drifted(numbers, [math.nan if each % 2 else each for each in numbers]).values_drifted


def test_values_that_disappear_drift_as_nulls() -> None:
    numbers: list[float | None] = [float(each) for each in range(1000)]
    found = drifted(numbers, [None if number and number % 3 == 0 else number for number in numbers])
    assert found.nulls_drifted
    assert not found.values_drifted
    assert found.null_change == pytest.approx(0.333, abs=0.001)


def test_a_constant_that_changes_drifts() -> None:
    assert drifted([3] * 100, [4] * 100, ValueType.INT64).values_drifted
    assert not drifted([3] * 100, [3] * 50, ValueType.INT64).values_drifted


@given(NUMBERS, NUMBERS)
def test_any_numbers_can_be_compared(before: list[float | None], after: list[float | None]) -> None:
    found = drifted(before, after)
    assert found.index is None or (math.isfinite(found.index) and found.index >= 0)
    assert not drifted(before, before).has_drifted


@given(NUMBERS, NUMBERS)
def test_every_value_is_counted_once(before: list[float | None], after: list[float | None]) -> None:
    baseline = summary(before)
    for found in (baseline, summary(after, like=baseline)):
        for bins in filter(None, (found.tenths, found.drawn)):
            assert sum(bins.counts) == found.values
        if found.kind == "category":
            assert sum(found.categories.values()) + found.other == found.values


@given(NUMBERS)
def test_a_summary_is_blind_to_order_and_chunks(values: list[float | None]) -> None:
    parts = [pa.array(part, pa.float64()) for part in (values[::2], values[1::2])]
    mixed = summarise(pa.chunked_array(parts, pa.float64()), ValueType.DOUBLE)
    assert mixed == summary(values)


@given(NUMBERS)
def test_a_summary_survives_json(values: list[float | None]) -> None:
    made = summary(values)
    assert Summary.from_json(json.loads(json.dumps(made.to_json()))) == made


# Other types


def test_few_numbers_are_categories() -> None:
    found = summary([1, 1, 2, None], ValueType.INT64)
    assert (found.kind, found.categories, found.nulls) == ("category", {"1": 2, "2": 1}, 1)


def test_the_most_frequent_categories_are_kept_by_name() -> None:
    texts = [f"category {number}" for number in range(30) for _ in range(number)]
    found = summary(texts, ValueType.STRING)
    assert list(found.categories)[:2] == ["category 29", "category 28"]
    assert len(found.categories) == CATEGORIES
    assert sum(found.categories.values()) + found.other == len(texts)


def test_a_new_category_drifts() -> None:
    before = ["de"] * 500 + ["en"] * 500
    assert drifted(before, ["de"] * 250 + ["en"] * 250 + ["zh"] * 500, ValueType.STRING).values_drifted
    assert not drifted(before, ["de"] * 260 + ["en"] * 240, ValueType.STRING).values_drifted


def test_truth_values_are_categories() -> None:
    assert summary([True, False, True], ValueType.BOOL).categories == {"true": 2, "false": 1}


def test_lists_are_compared_by_their_length() -> None:
    assert summary([["a"], [], ["a", "b"]], ValueType.STRING_LIST).categories == {"0": 1, "1": 1, "2": 1}


def test_times_are_not_compared_for_they_always_move() -> None:
    from datetime import UTC, datetime

    before = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 26)]
    found = drifted(before, [moment.replace(month=12) for moment in before], ValueType.UNIX_TIMESTAMP)
    assert found.index is None
    assert not found.has_drifted
