"""Rows as serving code sends them, values of JSON or Python, as rows of a view's table."""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from features.definition.value_type import ValueType
from features.definition.view import CREATED, EVENT_TIMESTAMP, View
from features.tables import table_of
from pipelines.errors import MisuseError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class PushedRowsError(MisuseError, ValueError):
    """Rows are not what a view holds; the message names column and row. None of them was stored.

    Attributes:
        row: the number of the first bad row, if the error is about one.
        problem: what is wrong with that row.
    """

    def __init__(self, message: str, row: int | None = None, problem: str = "") -> None:
        super().__init__(message)
        self.row, self.problem = row, problem


def pushed_rows(view: View, columns: Mapping[str, Sequence[Any]], now_us: int, run_id: str) -> pa.Table:
    """Rows of the view's table; of several with one key and event time, the last.

    Args:
        view: the definition.
        columns: name -> values, one a row. The join keys must be there; features that are not are null. A time is a
            `datetime`, text in ISO 8601 (UTC where it names no zone) or a number of seconds since the epoch; bytes are
            `bytes` or text in Base64. `event_timestamp` is by default now.
        now_us: the time of creation, in microseconds.
        run_id: of the commit that will hold the rows.

    Raises:
        PushedRowsError: a column is unknown, missing, or of another length; a value has another type.
    """
    types = {entity.join_key: entity.value_type for entity in view.entities}
    missing = [name for name in types if name not in columns]
    types |= {feature.name: feature.value_type for feature in view.features}
    unknown = sorted(set(columns) - set(types) - {EVENT_TIMESTAMP})
    if missing or unknown:
        named = [*(f"{name} is missing" for name in missing), *(f"{name} is unknown" for name in unknown)]
        raise PushedRowsError(f"view {view.name}: {', '.join(named)}; its columns are {', '.join(types)}")
    counts = {len(values) for values in columns.values()}
    if len(counts) > 1:
        raise PushedRowsError(f"view {view.name}: columns have different lengths: {sorted(counts)}")
    count = counts.pop()
    schema = table_of(view).schema
    arrays = {
        name: pa.array(_converted(name, columns[name], each), schema.field(name).type)
        if name in columns
        else pa.nulls(count, schema.field(name).type)
        for name, each in types.items()
    }
    events = [now_us if each is None else each for each in _events(columns.get(EVENT_TIMESTAMP, [None] * count))]
    moment = schema.field(CREATED).type
    arrays[EVENT_TIMESTAMP] = pa.array(events, pa.int64()).cast(moment)
    arrays[CREATED] = pa.array([now_us] * count, pa.int64()).cast(moment)
    arrays["run_id"] = pa.array([run_id] * count, pa.string())
    return _last_of_each(pa.table([arrays[name] for name in schema.names], schema=schema), view)


def _last_of_each(rows: pa.Table, view: View) -> pa.Table:
    names = [*view.join_keys, EVENT_TIMESTAMP]
    numbered = rows.select(names).append_column("", pa.array(range(len(rows)), pa.int64()))
    last = numbered.group_by(names, use_threads=False).aggregate([("", "max")])["_max"]
    return rows if len(last) == len(rows) else rows.take(last.combine_chunks().sort())


def _converted(name: str, values: Sequence[Any], value_type: ValueType) -> list[Any]:
    convert = _CONVERSIONS[value_type.element]
    found: list[Any] = []
    for row, value in enumerate(values):
        try:
            if value is None:
                found.append(None)
            elif not value_type.is_list:
                found.append(convert(value))
            elif isinstance(value, list | tuple):
                found.append([convert(each) for each in value])
            else:
                raise TypeError
        except (TypeError, ValueError, OverflowError):
            shown = repr(value)
            problem = f"{value_type.name} expected, not {shown[:80]}"
            raise PushedRowsError(f"column {name}, row {row:,}: {problem}", row, f"column {name}: {problem}") from None
    return found


def _events(values: Sequence[Any]) -> list[int | None]:
    return _converted(EVENT_TIMESTAMP, values, ValueType.UNIX_TIMESTAMP)


def _integer(bits: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        if type(value) is not int or not -(1 << bits - 1) <= value < 1 << bits - 1:
            raise TypeError
        return value

    return convert


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _of(expected: type) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if not isinstance(value, expected):
            raise TypeError
        return value

    return convert


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # a lone surrogate is no text
    return value


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else base64.b64decode(value, validate=True)


def _microseconds(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, int | float):
        return _since_epoch(_EPOCH + timedelta(seconds=value))
    return _since_epoch(value if isinstance(value, datetime) else datetime.fromisoformat(value))


def _since_epoch(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware.astimezone(UTC) - _EPOCH) // _MICROSECOND  # OverflowError if it is not in the years 1 to 9999


_CONVERSIONS: Mapping[ValueType, Callable[[Any], Any]] = {
    ValueType.STRING: _text,
    ValueType.BYTES: _bytes,
    ValueType.INT32: _integer(32),
    ValueType.INT64: _integer(64),
    ValueType.DOUBLE: _number,
    ValueType.FLOAT: _number,
    ValueType.BOOL: _of(bool),
    ValueType.UNIX_TIMESTAMP: _microseconds,
}
