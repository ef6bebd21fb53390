"""Checks a batch of a view's rows before it reaches the online store: one bad row, and none of them does."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.definition.value_type import ValueType
from features.definition.view import CREATED, EVENT_TIMESTAMP, Expectation, Feature, View
from features.layout.entity_key import MAX_KEY_BYTES
from features.tables import arrow_type
from pipelines.errors import TokenlakeError
from pipelines.tables import TIMESTAMP

_YEAR_1, _YEAR_10000 = -62_135_596_800_000_000, 253_402_300_800_000_000
"""Their begin, in microseconds since the epoch."""

_DAY = 86_400_000_000
"""How far ahead of this machine's clock an event time may be, in microseconds."""


@dataclass(frozen=True)
class Breach:
    """A rule that rows of a batch break."""

    view: str
    column: str
    rule: str  # what the values should be
    rows: int  # that break it
    of: int  # rows of the batch
    row: int | None  # the first of them; None: of a table, where rows have no number
    key: dict[str, Any]  # its key
    value: Any  # its value
    broken: pa.Array = field(default=None, repr=False, compare=False)  # of each row, whether it breaks the rule

    def __str__(self) -> str:
        key = ", ".join(f"{name}={_short(value)}" for name, value in self.key.items())
        return (
            f"view {self.view}, {self.column}: must be {self.rule}, and {self.rows:,} of {self.of:,} rows are not; "
            f"the first is {key if self.row is None else f'row {self.row:,} ({key})'}: {_short(self.value)}"
        )


class RefusedBatchError(TokenlakeError, ValueError):
    """Rows are not what their view expects; none of the batch may be written, so earlier values stay."""

    def __init__(self, breaches: list[Breach]) -> None:
        self.breaches = breaches
        shown = "\n".join(f"  {breach}" for breach in breaches)
        super().__init__(f"batch refused, the values before it stay:\n{shown}")


def check(view: View, rows: pa.Table, now_us: int | None = None) -> None:
    """Requires that all rows are what their view expects. Rows without any value, which retract their entity, may be.

    Args:
        view: the definition.
        rows: its keys, features, event time and creation; other columns are ignored.
        now_us: the time that event times are compared with, microseconds since the epoch; by default now.

    Raises:
        RefusedBatchError: some are not; it lists every rule that is broken, with the first row that breaks it.
    """
    found = breaches(view, rows, now_us)
    if found:
        raise RefusedBatchError(found)


def breaches(view: View, rows: pa.Table, now_us: int | None = None) -> list[Breach]:
    """The rules that rows break; arguments as of `check`."""
    limit = (time.time_ns() // 1000 if now_us is None else now_us) + _DAY
    found = list(_shape(view, rows))
    return found or [*_keys(view, rows), *_times(view, rows, limit), *_features(view, rows)]


def _shape(view: View, rows: pa.Table) -> Iterator[Breach]:
    """Columns that are missing or of another type."""
    types = {entity.join_key: arrow_type(entity.value_type) for entity in view.entities}
    types |= {feature.name: arrow_type(feature.value_type) for feature in view.features}
    for name, wanted in {**types, EVENT_TIMESTAMP: TIMESTAMP, CREATED: TIMESTAMP}.items():
        places = rows.schema.get_all_field_indices(name)
        found = rows.schema.field(places[0]).type if len(places) == 1 else None
        if found != wanted:
            shown = f"{len(places)} columns" if found is None else str(found)
            yield Breach(view.name, name, f"a column of type {wanted}", rows.num_rows, rows.num_rows, 0, {}, shown)


def _keys(view: View, rows: pa.Table) -> Iterator[Breach]:
    for entity in view.entities:
        name, column = entity.join_key, rows[entity.join_key]
        yield from _breach(view, rows, name, "not null", pc.is_null(column))
        if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
            rule = f"of at most {MAX_KEY_BYTES:,} bytes"
            yield from _breach(view, rows, name, rule, pc.greater(pc.binary_length(column), MAX_KEY_BYTES))


def _times(view: View, rows: pa.Table, limit: int) -> Iterator[Breach]:
    for name in (EVENT_TIMESTAMP, CREATED):
        times = rows[name].cast(pa.int64())
        yield from _breach(view, rows, name, "not null", pc.is_null(times))
        yield from _breach(view, rows, name, "after 1970", pc.less(times, 0))
        yield from _breach(view, rows, name, "not later than tomorrow", pc.greater(times, limit))


def _features(view: View, rows: pa.Table) -> Iterator[Breach]:
    retracts = pc.is_null(rows[view.features[0].name])
    for each in view.features[1:]:
        retracts = pc.and_(retracts, pc.is_null(rows[each.name]))
    for feature in view.features:
        yield from feature_breaches(view, feature, rows, retracts)


def feature_breaches(
    view: View, feature: Feature, rows: pa.Table, retracts: pa.ChunkedArray | pa.Scalar
) -> Iterator[Breach]:
    """The rules on one feature that rows break; `rows` needs no other feature.

    Args:
        view: of the feature.
        feature: one of its features.
        rows: keys and the feature.
        retracts: whether a row retracts its entity, for each row or for all.
    """
    values = rows[feature.name]
    if feature.expect.required:
        missing = pc.and_not(pc.is_null(values), retracts)
        yield from _breach(view, rows, feature.name, "not null", missing)
    for rule, broken in _rules(feature):
        yield from _breach(view, rows, feature.name, rule, _anywhere(values, broken))


Broken = Callable[[pa.Array], pa.Array]


def _rules(feature: Feature) -> Iterator[tuple[str, Broken]]:
    """What each value must be, and a function that says which values are not; null where there is no value."""
    expect: Expectation = feature.expect
    minimum, maximum, allowed = expect.minimum, expect.maximum, expect.allowed
    if feature.value_type.is_floating and not expect.nan:
        yield "finite", lambda values: pc.invert(pc.is_finite(values))
    if minimum is not None:
        yield f"at least {minimum:g}", lambda values: pc.less(values, minimum)
    if maximum is not None:
        yield f"at most {maximum:g}", lambda values: pc.greater(values, maximum)
    if allowed is not None:
        yield f"among {', '.join(allowed)}", lambda values: _is_other(values, pa.array(allowed))
    if feature.value_type.element is ValueType.UNIX_TIMESTAMP:
        yield "in the years 1 to 9999", _is_out_of_calendar
    if feature.value_type.is_list:
        yield "a list without nulls", lambda values: pc.is_null(values)


def _is_out_of_calendar(values: pa.Array) -> pa.Array:
    """Whether Python, and with it most readers, has no such time."""
    microseconds = values.cast(pa.int64())
    return pc.or_(pc.less(microseconds, _YEAR_1), pc.greater_equal(microseconds, _YEAR_10000))


def _is_other(values: pa.Array, allowed: pa.Array) -> pa.Array:
    return pc.and_not(pc.is_valid(values), pc.is_in(values, value_set=allowed))


def _anywhere(column: pa.ChunkedArray, broken: Broken) -> pa.Array:
    """Whether a row's value, or an item of its list, breaks a rule."""
    values = column.combine_chunks()
    if not pa.types.is_list(values.type):
        return broken(values)
    rows = pc.list_parent_indices(values).filter(pc.fill_null(broken(pc.list_flatten(values)), False))
    return pc.is_in(pa.array(np.arange(len(values)), rows.type), value_set=rows)


def _breach(view: View, rows: pa.Table, column: str, rule: str, broken: pa.Array) -> Iterator[Breach]:
    """The breach of a rule, if rows break it."""
    count = pc.sum(broken).as_py() or 0
    if count:
        row = pc.index(broken, True).as_py()
        key = {name: _shown(rows[name][row]) for name in view.join_keys}
        yield Breach(view.name, column, rule, count, rows.num_rows, row, key, _shown(rows[column][row]), broken)


def _shown(value: pa.Scalar) -> Any:
    """The Python value; of a time its text, since a time before the year 1 or after 9999 has no Python value."""
    if pa.types.is_timestamp(value.type) and value.is_valid:
        return f"{np.datetime64(value.value, 'us')}Z"
    return value.as_py()


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "…"
