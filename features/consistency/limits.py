"""Which findings of a consistency check are failures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from features.consistency.comparison import Verdict
from features.consistency.tally import Example, FeatureTally, Tally


@dataclass(frozen=True)
class Limits:
    """The largest share of a feature's answers that may have a fault; 0 allows none, 1 all."""

    mismatch: float = 0.0  # mismatch, null difference, wrong type and extra
    missing: float = 0.0
    stale: float = 0.0
    skew: float = 0.0  # also of a view's rows: those from the future
    late: float = 1.0
    unpacked: float = 1.0  # of a view's packed rows: lost, or older than Feast's layout


_VERDICTS = {
    "mismatch": (Verdict.MISMATCH, Verdict.NULL_DIFFERENCE, Verdict.WRONG_TYPE, Verdict.EXTRA),
    "missing": (Verdict.MISSING,),
    "stale": (Verdict.STALE,),
    "skew": (Verdict.SKEW,),
    "late": (Verdict.LATE,),
}

_WORDS = {
    Verdict.EQUAL: "are equal",
    Verdict.LATE: "were right then; a row became known later",
    Verdict.MISMATCH: "have another value than the table",
    Verdict.NULL_DIFFERENCE: "have a value where the table has none, or none where it has one",
    Verdict.WRONG_TYPE: "are not of the feature's type",
    Verdict.MISSING: "found no row, but the table has one",
    Verdict.EXTRA: "are from a row that the table does not have",
    Verdict.STALE: "are from an older row than the table's",
    Verdict.SKEW: "are from a row after the request, or asked for after now: a clock is wrong",
}


@dataclass(frozen=True)
class Failure:
    """A limit that a feature, or a view's rows, exceed."""

    view: str
    feature: str | None  # None: rows of the view's table
    limit: str
    words: str

    def __str__(self) -> str:
        return self.words


def failures(tally: Tally, limits: Limits) -> list[Failure]:
    """All limits that are exceeded, by view and feature."""
    return [*_of_features(tally, limits), *_of_rows(tally, limits)]


def _of_features(tally: Tally, limits: Limits) -> Iterator[Failure]:
    for view, feature, found in tally:
        for limit, verdicts in _VERDICTS.items():
            if found.share(*verdicts) > getattr(limits, limit):
                yield Failure(view, feature, limit, _words(view, feature, found, verdicts))


def _of_rows(tally: Tally, limits: Limits) -> Iterator[Failure]:
    for view, rows in sorted(tally.rows.items()):
        future = tally.rows_from_the_future[view]
        if future > limits.skew * rows:
            words = f"{view}: {future:,} of {rows:,} rows of its table were created before their event time"
            yield Failure(view, None, "skew", f"{words}: a clock or a time zone is wrong")
    for view, packed in sorted(tally.packed.items()):
        if tally.unpacked[view] > limits.unpacked * packed:
            yield Failure(view, None, "unpacked", unpacked(view, tally))


def unpacked(view: str, tally: Tally) -> str:
    """How many packed rows of a view do not count, in words."""
    lost, packed = tally.unpacked[view], tally.packed[view]
    return (
        f"{view}: {lost:,} of {packed:,} packed rows are lost or older than Feast's layout; lookups take longer until "
        "`tokenlake features materialize --again` has written them"
    )


def _words(view: str, feature: str, found: FeatureTally, verdicts: tuple[Verdict, ...]) -> str:
    parts = [f"{found.verdicts[each]:,} {_WORDS[each]}" for each in verdicts if found.verdicts[each]]
    examples = [example for each in verdicts for example in found.examples.get(each, ())]
    shown = f"; for example {_example(examples[0])}" if examples else ""
    return f"{view}.{feature}: of {found.compared:,} answers, {', '.join(parts)}{shown}"


def _example(example: Example) -> str:
    keys = ", ".join(f"{name}={value!r}" for name, value in example.keys.items())
    how = f"service {example.service}" if example.service else "by name"
    values = f"served {_short(example.served)}, table {_short(example.expected)}"
    return f"{keys} at {_time(example.at)} ({how}): {values}, event time {_time(example.event)}"


def _short(value: object) -> str:
    shown = "nothing" if value is None else repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"


def _time(microseconds: int | None) -> str:
    if microseconds is None:
        return "none"
    try:
        return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"{microseconds} µs"
