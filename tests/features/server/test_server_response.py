"""The bytes of an answer: the same JSON that a plain encoder makes, for any values."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue.catalogue import CATALOGUE
from features.freshness import Status
from features.online.vectors import FeatureVectors
from features.plan import Plan
from features.server.response import encode_response, encode_values, time_text
from features.server.selection import Kind, select

PLAN = Plan.of(CATALOGUE)
FEATURES = ("requests_1h", "mean_latency_ms", "last_request")
SELECTION = select(PLAN, [f"client_usage:{name}" for name in FEATURES], False)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


def natural(value: Any) -> Any:
    if isinstance(value, datetime):
        return math.floor(value.timestamp())
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value


ROWS = st.lists(
    st.tuples(
        st.text(max_size=5),
        st.none() | st.integers(-(1 << 63), (1 << 63) - 1),
        st.none() | st.floats(width=32),
        st.none() | MOMENTS,
        st.none() | st.integers(0, 1 << 52),
        st.sampled_from(list(Status)),
    ),
    max_size=4,
)


@given(ROWS)
def test_an_answer_is_what_a_plain_encoder_makes(rows: list[tuple[Any, ...]]) -> None:
    keys, requests, latencies, last, times, statuses = ([row[at] for row in rows] for at in range(6))
    numbers = [int(status) for status in statuses]
    columns = [requests, latencies, last]
    vectors = FeatureVectors(FEATURES, ("client_usage",) * 3, columns, [numbers] * 3, [times] * 3)
    found = json.loads(encode_response(SELECTION, {"client_id": keys}, vectors))
    assert found["metadata"] == {"feature_names": ["client_id", *FEATURES]}
    assert found["results"][0]["values"] == keys
    for result, column in zip(found["results"][1:], columns, strict=True):
        assert result["values"] == [natural(value) for value in column]
        assert result["statuses"] == [status.name for status in statuses]
        assert [datetime.fromisoformat(text) for text in result["event_timestamps"]] == [
            datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time or 0) for time in times
        ]


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_000_000, "1970-01-01T00:00:01Z"),
        (1_123_000, "1970-01-01T00:00:01.123Z"),
        (1_000_001, "1970-01-01T00:00:01.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (1 << 62, "1970-01-01T00:00:00Z"),
    ],
)
def test_a_time_has_as_many_digits_as_it_needs(microseconds: int, text: str) -> None:
    assert time_text(microseconds) == text


def test_bytes_are_base64_and_lists_are_lists() -> None:
    assert encode_values(Kind.PLAIN, [b"\x00\xff", None, ["a"]]) == b'["AP8=",null,["a"]]'
    assert encode_values(Kind.FLOATING, [[1.5, math.nan], None]) == b'[[1.5,"NaN"],null]'
