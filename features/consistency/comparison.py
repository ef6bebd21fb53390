"""Whether one answer is what the tables say: the rules of the consistency check, for one entity of one view.

At the time `t` of a request, the tables' rows with event time up to `t` are the entity's past. Of these, the newest
that was created before `t - lag` is *settled*: the online store must have had it. Later ones it may have had. So right
are the settled row and every newer one of the past. What differs is told apart, in this order:

    SKEW             the answer's row, or the request, is from the future
    WRONG_TYPE       what is stored, or returned, is not of the feature's type
    EQUAL            the value is that of the newest row of the past: what a training set holds for this time
    LATE             the value is that of another right row: the newest became known after `t - lag`
    MISSING          no row was found online, but one is settled
    STALE            the answer's row is older than the settled one
    EXTRA            the answer's row is in no table
    NULL_DIFFERENCE  same row; a value on one side, null on the other
    MISMATCH         same row; another value

A value that the freshness rule rules out, or of an entity without row, is null on both sides; nulls are equal.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, product
from typing import Any

from features.consistency.answer import Answer
from features.definition.value_type import ValueType
from features.freshness import Status, is_fresh

_COMBINATIONS = 256
"""Of rows of several views that an on-demand feature may have been computed from; more are not tried."""


class Verdict(StrEnum):
    """What one feature of one answer is, against the tables; see above."""

    EQUAL = "equal"
    LATE = "late"
    MISMATCH = "mismatch"
    NULL_DIFFERENCE = "null_difference"
    WRONG_TYPE = "wrong_type"
    MISSING = "missing"
    EXTRA = "extra"
    STALE = "stale"
    SKEW = "skew"


@dataclass(frozen=True)
class Row:
    """A row of a view's table; values are as `answer.plain` makes them."""

    event: int  # microseconds since the epoch
    created: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Terms:
    """What the check allows for, in microseconds."""

    now: int  # time of the check
    lag: int  # from a row's creation in the table until it must be online, and back
    tolerance: int  # that clocks may differ by


@dataclass(frozen=True)
class Judgement:
    """One feature of one answer, and what it should have been by the newest row that is known now."""

    verdict: Verdict
    served: Any
    expected: Any


@dataclass(frozen=True)
class History:
    """The rows of one entity in one view, and the view's maximum age in microseconds."""

    rows: Sequence[Row]  # by event time, then creation
    max_age: int | None

    def past(self, at: int) -> Sequence[Row]:
        """The rows with event time up to a time."""
        return self.rows[: bisect_right(self.rows, at, key=lambda row: row.event)]

    def value(self, row: Row | None, feature: str, at: int) -> Any:
        """What a lookup at a time returns if this is the entity's row."""
        return row.values.get(feature) if row is not None and is_fresh(row.event, at, self.max_age) else None

    def right(self, at: int, lag: int) -> list[Row | None]:
        """The rows that a lookup at a time may return, newest first; None where it may find none."""
        past = self.past(at)
        for place in range(len(past) - 1, -1, -1):
            if past[place].created <= at - lag:
                return list(reversed(past[place:]))
        return [*reversed(past), None]

    def from_the_future(self, tolerance: int) -> int:
        """The number of rows that were created before they were true: a clock or a time zone is wrong."""
        return sum(row.event > row.created + tolerance for row in self.rows)


def judge(history: History, answer: Answer, types: Mapping[str, ValueType], terms: Terms) -> dict[str, Judgement]:
    """A judgement on each feature of an answer that is among `types`."""
    right = history.right(answer.at, terms.lag)
    past = history.past(answer.at)
    same = [row for row in reversed(past) if row.event == answer.event]
    found = {}
    for feature, value_type in types.items():
        if feature in answer.values:
            served = answer.values[feature]
            values = [history.value(row, feature, answer.at) for row in right]
            verdict = _of_request(answer, feature, value_type, terms) or _by_value(served, values)
            if verdict is None:
                verdict = _of_row(answer, right[-1], same, terms) or _of_difference(served, values[0])
            found[feature] = Judgement(verdict, served, values[0])
    return found


def judge_on_demand(
    answer: Answer,
    types: Mapping[str, ValueType],
    inputs: Sequence[tuple[str, str]],
    histories: Mapping[str, History],
    compute: Callable[[dict[str, list[Any]]], Mapping[str, Sequence[Any]]],
    terms: Terms,
) -> dict[str, Judgement]:
    """A judgement on each computed feature of an answer.

    Args:
        answer: of the on-demand view.
        types: its features.
        inputs: view and feature of each of its inputs.
        histories: of these views.
        compute: the view's function on plain values; its columns have one item.
        terms: what is allowed for.
    """
    views = list(dict.fromkeys(view for view, _ in inputs))
    choices = product(*(histories[view].right(answer.at, terms.lag) for view in views))
    outputs = list(_outputs(answer, inputs, histories, compute, views, choices))
    found = {}
    for feature, value_type in types.items():
        if feature in answer.values:
            served = answer.values[feature]
            values = [output[feature][0] for output in outputs]
            verdict = _of_request(answer, feature, value_type, terms) or _by_value(served, values)
            found[feature] = Judgement(verdict or _of_difference(served, values[0]), served, values[0])
    return found


def _outputs(
    answer: Answer,
    inputs: Sequence[tuple[str, str]],
    histories: Mapping[str, History],
    compute: Callable[[dict[str, list[Any]]], Mapping[str, Sequence[Any]]],
    views: Sequence[str],
    choices: Iterator[tuple[Row | None, ...]],
) -> Iterator[Mapping[str, Sequence[Any]]]:
    for rows in islice(choices, _COMBINATIONS):
        chosen = dict(zip(views, rows, strict=True))
        columns = {name: [histories[view].value(chosen[view], name, answer.at)] for view, name in inputs}
        yield compute(columns | {name: [value] for name, value in answer.request.items()})


def _of_request(answer: Answer, feature: str, value_type: ValueType, terms: Terms) -> Verdict | None:
    """What is wrong with an answer whatever the tables say."""
    if answer.at > terms.now + terms.tolerance or (answer.event is not None and answer.event > answer.at):
        return Verdict.SKEW
    if answer.statuses.get(feature) == Status.INVALID or not _is_of(answer.values[feature], value_type):
        return Verdict.WRONG_TYPE
    return None


def _by_value(served: Any, values: Sequence[Any]) -> Verdict | None:
    """EQUAL to the newest right value, LATE if to another, None if to none."""
    if equal(served, values[0]):
        return Verdict.EQUAL
    return Verdict.LATE if any(equal(served, value) for value in values[1:]) else None


def _of_row(answer: Answer, settled: Row | None, same: Sequence[Row], terms: Terms) -> Verdict | None:
    """What is wrong with the row that an answer was taken from; None if only its value can be."""
    if answer.event is None:
        return Verdict.MISSING
    if settled is not None and answer.event < settled.event:
        return Verdict.STALE
    if not same:  # what was pushed to the online store may reach the table later
        return Verdict.LATE if answer.event > terms.now - terms.lag else Verdict.EXTRA
    return None


def _of_difference(served: Any, expected: Any) -> Verdict:
    return Verdict.NULL_DIFFERENCE if served is None or expected is None else Verdict.MISMATCH


_PYTHON: Mapping[ValueType, type] = {
    ValueType.BYTES: str,  # in base64
    ValueType.STRING: str,
    ValueType.INT32: int,
    ValueType.INT64: int,
    ValueType.DOUBLE: float,
    ValueType.FLOAT: float,
    ValueType.BOOL: bool,
    ValueType.UNIX_TIMESTAMP: int,
}


def _is_of(value: Any, value_type: ValueType) -> bool:
    """Whether a plain value is of a type; null is of every type."""
    if value is None:
        return True
    if value_type.is_list:
        return isinstance(value, list) and all(type(each) is _PYTHON[value_type.element] for each in value)
    return type(value) is _PYTHON[value_type]


def equal(one: Any, other: Any) -> bool:
    """Whether two plain values are the same; NaN is the same as NaN, and a truth value is no number."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))
