"""An answer as Feast's JSON (feast 0.67, `feast serve`): join keys first, then features, each a column.

    {"results": [{"values": […], "statuses": ["PRESENT", …], "event_timestamps": ["2026-11-26T17:28:39.123Z", …]}, …],
     "metadata": {"feature_names": ["client_id", "requests_1h", …]}}

Times are whole seconds, bytes are Base64, NaN and infinity are texts, as there. Columns share what is equal: the event
times of a view's features are written once, and so are statuses that are all PRESENT.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from features.freshness import Status
from features.online.vectors import FeatureVectors
from features.server.selection import Kind, Selection

_encode = msgspec.json.Encoder().encode
_STATUS_NAMES = [status.name for status in Status]
_PRESENT = int(Status.PRESENT)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIME = "1970-01-01T00:00:00Z"


def encode_response(
    selection: Selection, keys: Mapping[str, list[Any]], vectors: FeatureVectors, with_views: bool = False
) -> bytes:
    """The answer as JSON.

    Args:
        selection: what was asked for.
        keys: the columns of join keys, as they were asked for.
        vectors: what was found.
        with_views: whether the metadata names the views.
    """
    rows = len(next(iter(keys.values()), ()))
    parts = [b'{"results":[']
    shared = b',"statuses":' + _statuses([_PRESENT] * rows) + b',"event_timestamps":' + _times([None] * rows) + b"},"
    parts += [b'{"values":' + _encode(column) + shared for column in keys.values()]
    times_of: dict[int, bytes] = {}
    statuses_of: dict[int, bytes] = {}
    for kind, column, statuses, times in zip(
        selection.kinds, vectors.columns, vectors.statuses, vectors.event_times, strict=True
    ):
        encoded_statuses = statuses_of.get(id(statuses))
        if encoded_statuses is None:
            encoded_statuses = statuses_of[id(statuses)] = _statuses(statuses)
        encoded_times = times_of.get(id(times))
        if encoded_times is None:
            encoded_times = times_of[id(times)] = b',"event_timestamps":' + _times(times) + b"},"
        parts += (b'{"values":', encode_values(kind, column), b',"statuses":', encoded_statuses, encoded_times)
    parts[-1] = parts[-1][:-1]
    parts += (b'],"metadata":', _metadata(selection, (*keys,), vectors.views if with_views else ()), b"}")
    return b"".join(parts)


def encode_values(kind: Kind, column: Sequence[Any]) -> bytes:
    """A column as a JSON array."""
    if kind is Kind.TIME:
        return _encode([_seconds(value) for value in column])
    encoded = _encode(column)
    if kind is Kind.FLOATING and encoded.count(b"null") != column.count(None):
        return _encode([_finite(value) for value in column])
    return encoded


def _seconds(value: Any) -> Any:
    if isinstance(value, list):
        return [_seconds(each) for each in value]
    return (value - _EPOCH) // timedelta(seconds=1) if isinstance(value, datetime) else value


def _finite(value: Any) -> Any:
    """NaN and infinity as the texts that protobuf's JSON has for them."""
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _statuses(statuses: Sequence[int]) -> bytes:
    if statuses.count(_PRESENT) == len(statuses):
        return _all_present(len(statuses))
    return _encode([_STATUS_NAMES[status] for status in statuses])


@lru_cache(maxsize=256)
def _all_present(rows: int) -> bytes:
    return _encode(["PRESENT"] * rows)


def _times(times: Sequence[int | None]) -> bytes:
    if times.count(None) == len(times):
        return _no_times(len(times))
    return _encode([_NO_TIME if time is None else time_text(time) for time in times])


@lru_cache(maxsize=256)
def _no_times(rows: int) -> bytes:
    return _encode([_NO_TIME] * rows)


@lru_cache(maxsize=1 << 14)
def time_text(microseconds: int) -> str:
    """A time since the epoch as RFC 3339 in UTC, with 0, 3 or 6 digits of a second, as protobuf's JSON has it."""
    rest = microseconds % 1_000_000
    digits = "" if not rest else f".{rest // 1000:03}" if rest % 1000 == 0 else f".{rest:06}"
    try:
        at = _EPOCH + timedelta(microseconds=microseconds - rest)
    except OverflowError:  # before the year 1 or after 9999, which no clock says
        return _NO_TIME
    return f"{at.year:04}-{at:%m-%dT%H:%M:%S}{digits}Z"


@lru_cache(maxsize=256)
def _metadata(selection: Selection, keys: tuple[str, ...], views: tuple[str, ...]) -> bytes:
    found: dict[str, Any] = {"feature_names": [*keys, *selection.names]}
    if views:
        found["feature_view_metadata"] = [{"name": view} for view in dict.fromkeys(views)]
    return _encode(found)


def encode_error(status: int, detail: str) -> bytes:
    """An error as JSON."""
    return _encode({"detail": detail, "status_code": status})
