"""A request for features, as HTTP and gRPC bring it: Feast's fields, checked against what is asked for and limits."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from features.definition.value_type import ValueType
from features.server.errors import RequestError
from features.server.selection import Selection
from features.server.settings import Limits


class FeaturesRequest(msgspec.Struct):
    """The body of `POST /get-online-features` (feast 0.67). Fields that are not listed are ignored, as Feast does.

    Attributes:
        entities: column -> a value for each row: join keys, and values that on-demand views need.
        feature_service: name of a service; counts more than `features`.
        features: references, `view:feature`.
        full_feature_names: names features `view__feature`.
        include_feature_view_version_metadata: adds the names of the views to the metadata.
    """

    entities: dict[str, list[Any]]
    feature_service: str | None = None
    features: list[str] = []
    full_feature_names: bool = False
    include_feature_view_version_metadata: bool = False

    @property
    def wanted(self) -> str | list[str]:
        """A service, or a list of references."""
        return self.feature_service or self.features


_DECODER = msgspec.json.Decoder(FeaturesRequest)


def decode_request(body: bytes) -> FeaturesRequest:
    """The request in a body of JSON.

    Raises:
        RequestError: 422, the body is no JSON, or not of this shape.
    """
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(422, f"the body is no request for features: {error or 'nested too deep'}") from None


Columns = dict[str, list[Any]]

_BITS = {ValueType.INT32: 32, ValueType.INT64: 64}


def split_columns(entities: Mapping[str, list[Any]], selection: Selection, limits: Limits) -> tuple[Columns, Columns]:
    """The columns of join keys, in the request's order, and the columns of other values that on-demand views need.

    Raises:
        RequestError: 413 for too many rows or features; 422 for a column that is missing or unknown, or lengths that
            differ.
    """
    keys: Columns = {}
    values: Columns = {}
    for name, column in entities.items():
        if name in selection.keys:
            keys[name] = column
        elif name in selection.values:
            values[name] = column
        else:
            needed = ", ".join((*selection.keys, *selection.values))
            raise RequestError(422, f"entities: nothing that is asked for has a column {name!r}; needed: {needed}")
    if len(keys) != len(selection.keys) or len(values) != len(selection.values):
        missing = [name for name in (*selection.keys, *selection.values) if name not in entities]
        raise RequestError(422, f"entities: column {', '.join(missing)} is missing")
    _check_size(entities, selection, limits)
    for name, column in values.items():
        _check_range(name, selection.values[name], column)
    return keys, values


def _check_range(name: str, value_type: ValueType, column: Sequence[Any]) -> None:
    bits = _BITS.get(value_type)
    if bits is None:
        return
    bound = 1 << (bits - 1)
    if any(isinstance(value, int) and not -bound <= value < bound for value in column):
        raise RequestError(422, f"entities: {name} has a number that is no {value_type.name}")


def _check_size(entities: Mapping[str, Sequence[Any]], selection: Selection, limits: Limits) -> None:
    rows = {len(column) for column in entities.values()}
    if len(rows) > 1:
        lengths = ", ".join(f"{name} {len(column)}" for name, column in entities.items())
        raise RequestError(422, f"entities: all columns have equally many values, not {lengths}")
    if rows and (count := rows.pop()) > limits.entities:
        raise RequestError(413, f"{count:,} entities; at most {limits.entities:,} are answered at once")
    if len(selection.names) > limits.features:
        raise RequestError(413, f"{len(selection.names):,} features; at most {limits.features:,} are answered at once")
