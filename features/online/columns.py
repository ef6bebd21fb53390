"""The columns that a caller brings: keys of entities and values of the request, checked before anything is read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from features.definition.value_type import ValueType
from features.layout.entity_key import EntityKeyError
from features.online.integers import is_too_large
from features.online.request import CompiledRequest
from features.plan import PlanError

Columns = Mapping[str, Sequence[Any]]

_TYPES: Mapping[ValueType, tuple[type, ...]] = {
    ValueType.BYTES: (bytes,),
    ValueType.STRING: (str,),
    ValueType.INT32: (int,),
    ValueType.INT64: (int,),
    ValueType.DOUBLE: (float, int),
    ValueType.FLOAT: (float, int),
    ValueType.BOOL: (bool,),
    ValueType.UNIX_TIMESTAMP: (datetime, int),
}


class RequestTooLargeError(PlanError):
    """A request has more rows than the reader allows."""


def checked_columns(
    request: CompiledRequest, entities: Columns, values: Columns | None, limit: int
) -> tuple[Columns, Columns, int]:
    """The entity columns, the request values, and how many rows they have. Encoding the keys checks their types.

    Values may stand among the entities, where Feast's clients put them.

    Raises:
        EntityKeyError: a key column is missing.
        PlanError: a column is unknown, a request value is missing or has another type, or lengths differ.
        RequestTooLargeError: there are more than `limit` rows.
    """
    given = {**entities, **(values or {})}
    unknown = [name for name in given if name not in request.keys and name not in request.values]
    if unknown:
        raise PlanError(
            f"unknown column {unknown[0]!r}: the keys of this request are {', '.join(request.keys)}"
            + (f", its values {', '.join(request.values)}" if request.values else "")
        )
    missing = [name for name in request.keys if name not in given]
    if missing:
        raise EntityKeyError(f"key {missing[0]} is missing; the keys of this request are {', '.join(request.keys)}")
    missing = [name for name in request.values if name not in given]
    if missing:
        raise PlanError(f"request value {missing[0]} is missing; there must be {', '.join(request.values)}")
    rows = _rows(given)
    if rows > limit:
        raise RequestTooLargeError(f"the request has {rows:,} rows; at most {limit:,} are allowed: ask in parts")
    found = {name: given[name] for name in request.values}
    for name, column in found.items():
        _check_values(name, request.values[name], column)
    return {name: given[name] for name in request.keys}, found, rows


def _rows(columns: Columns) -> int:
    lengths: dict[str, int] = {}
    for name, column in columns.items():
        if isinstance(column, str | bytes) or not hasattr(column, "__len__") or not hasattr(column, "__getitem__"):
            raise PlanError(f"column {name} is no list: write [{column!r}] for one row")
        lengths[name] = len(column)
    if len(set(lengths.values())) > 1:
        raise PlanError("columns differ in length: " + ", ".join(f"{name} {size:,}" for name, size in lengths.items()))
    return next(iter(lengths.values()), 0)


def _check_values(name: str, value_type: ValueType, column: Sequence[Any]) -> None:
    allowed = _TYPES[value_type.element]
    for row, value in enumerate(column):
        if value is None:
            continue
        items = value if value_type.is_list and isinstance(value, list | tuple) else [value]
        if (value_type.is_list and items is not value) or not all(type(each) in allowed for each in items):
            raise PlanError(f"row {row}: request value {name}: {value_type.name} expected, not {type(value).__name__}")
        if any(is_too_large(each, value_type.element) for each in items):
            raise PlanError(f"row {row}: request value {name}: {value_type.name} expected, not {str(value)[:40]}")
