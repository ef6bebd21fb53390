"""Requests and answers as protobuf messages, and back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

from features.definition.value_type import ValueType
from features.freshness import Status
from features.online.vectors import FeatureVectors
from features.server.protos import serving_pb2 as messages
from features.server.request import Columns, FeaturesRequest
from features.server.selection import Selection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PRESENT = int(Status.PRESENT)
_FIELDS = {value_type: f"{value_type.name.lower()}_val" for value_type in ValueType}


def request_of(message: Any) -> tuple[FeaturesRequest, Columns]:
    """The request, and the values of its context, of a `GetOnlineFeaturesRequest`."""
    request = FeaturesRequest(
        entities=_columns(message.entities),
        feature_service=message.feature_service or None,
        features=list(message.features.val),
        full_feature_names=message.full_feature_names,
        include_feature_view_version_metadata=message.include_feature_view_version_metadata,
    )
    return request, _columns(message.request_context)


def response_of(
    selection: Selection, keys: Mapping[str, Sequence[Any]], vectors: FeatureVectors, with_views: bool = False
) -> Any:
    """A `GetOnlineFeaturesResponse`: join keys first, then features, as in JSON."""
    response = messages.GetOnlineFeaturesResponse()
    response.metadata.feature_names.val.extend((*keys, *selection.names))
    if with_views:
        for view in dict.fromkeys(vectors.views):
            response.metadata.feature_view_metadata.add(name=view)
    for name, column in keys.items():
        rows = len(column)
        _add(response, selection.keys[name], column, [_PRESENT] * rows, [_timestamp(None)] * rows)
    times_of: dict[int, list[Any]] = {}
    for value_type, column, statuses, times in zip(
        selection.types, vectors.columns, vectors.statuses, vectors.event_times, strict=True
    ):
        stamps = times_of.get(id(times))
        if stamps is None:
            stamps = times_of[id(times)] = [_timestamp(time) for time in times]
        _add(response, value_type, column, statuses, stamps)
    return response


def value_of(value_type: ValueType, value: Any) -> Any:
    """A `Value`; of None an empty one, as Feast's server has it."""
    if value is None:
        return messages.Value()
    name = _FIELDS[value_type]
    if value_type.is_list:
        made = messages.Value()
        getattr(made, name).val.extend(map(_seconds, value) if value_type is ValueType.UNIX_TIMESTAMP_LIST else value)
        return made
    field: dict[str, Any] = {name: _seconds(value) if value_type is ValueType.UNIX_TIMESTAMP else value}
    return messages.Value(**field)


def _add(
    response: Any, value_type: ValueType, column: Iterable[Any], statuses: Sequence[int], times: Sequence[Any]
) -> None:
    vector = response.results.add()
    vector.values.extend([value_of(value_type, value) for value in column])
    vector.statuses.extend(statuses)
    vector.event_timestamps.extend(times)


def _timestamp(microseconds: int | None) -> Any:
    seconds, rest = divmod(microseconds or 0, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def _seconds(value: Any) -> int:
    return (value - _EPOCH) // timedelta(seconds=1) if isinstance(value, datetime) else int(value)


def _columns(found: Mapping[str, Any]) -> Columns:
    return {name: [_native(value) for value in column.val] for name, column in found.items()}


def _native(value: Any) -> Any:
    """The Python value of a `Value`; None for an empty one, and for a type that has no field here."""
    kind = value.WhichOneof("val")
    if kind is None or kind == "null_val":
        return None
    found = getattr(value, kind)
    return list(found.val) if kind.endswith("_list_val") else found
