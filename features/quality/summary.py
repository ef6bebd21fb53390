"""The distribution of one feature, as a few numbers that can be kept and compared."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.definition.value_type import ValueType

Kind = Literal["number", "category", "time"]

SHARES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
"""Of the values that are at most each of `Summary.quantiles`."""

CATEGORIES = 20
"""Categories that are kept by name; numbers with no more values than this are categories too."""

_DECILES = np.linspace(0.1, 0.9, 9)
_BINS = 40
_LARGEST, _SMALLEST = 1e300, 1e-300  # beyond these, arithmetic overflows


@dataclass(frozen=True)
class Bins:
    """Intervals [edge, next edge) and the counts in them; the first and last count are of values beside all edges."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]  # one more than edges
    logarithmic: bool = False  # edges grow by a factor, from 1 on


@dataclass(frozen=True)
class Summary:
    """A feature's values: of lists and bytes their lengths, of times seconds since the epoch."""

    kind: Kind
    rows: int
    nulls: int
    nans: int = 0  # and infinities; they are in nothing below
    quantiles: tuple[float, ...] = ()  # see SHARES; none of categories
    tenths: Bins | None = None  # of numbers: tenths of the baseline's values
    drawn: Bins | None = None  # of numbers: intervals to draw
    categories: Mapping[str, int] = field(default_factory=dict)  # the most frequent, most frequent first
    other: int = 0  # values of other categories
    distinct: int = 0  # categories, all of them

    @property
    def null_share(self) -> float:
        """Share of rows without a value."""
        return self.nulls / self.rows if self.rows else 0.0

    @property
    def values(self) -> int:
        """Values that are no null, NaN or infinity."""
        return self.rows - self.nulls - self.nans

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> "Summary":
        """The reverse of `to_json`.

        Raises:
            TypeError, KeyError: it is no summary.
        """
        lists = {name: _bins(found[name]) for name in ("tenths", "drawn")}
        return Summary(**{**found, **lists, "quantiles": tuple(found["quantiles"])})


def summarise(column: pa.ChunkedArray, value_type: ValueType, like: Summary | None = None) -> Summary:
    """The summary of a column of a view's table.

    Args:
        column: the values.
        value_type: of the feature.
        like: a summary whose categories and intervals are used, so that both can be compared.
    """
    rows, nulls = len(column), column.null_count
    values = column.drop_null()
    if value_type is ValueType.UNIX_TIMESTAMP:
        return Summary("time", rows, nulls, quantiles=_quantiles(_seconds(values)))
    if value_type in (ValueType.STRING, ValueType.BOOL):
        return _categories(values.cast(pa.string()), rows, nulls, like)
    numbers = _numbers(values)
    finite = numbers[np.isfinite(numbers)]
    counted = Summary("number", rows, nulls, len(numbers) - len(finite), _quantiles(finite))
    is_category = len(np.unique(finite)) <= CATEGORIES if like is None else like.kind == "category"
    if is_category:
        return _categories(_words(finite), rows, nulls, like, counted)
    tenths = np.unique(np.quantile(finite, _DECILES)) if like is None else _edges(like.tenths)
    drawn = _drawn_edges(finite) if like is None or like.drawn is None else like.drawn
    return Summary(
        **{
            **vars(counted),
            "tenths": Bins(tuple(tenths.tolist()), _counts(finite, tenths)),
            "drawn": Bins(drawn.edges, _counts(finite, np.array(drawn.edges)), drawn.logarithmic),
        }
    )


def _categories(
    values: pa.ChunkedArray, rows: int, nulls: int, like: Summary | None, counted: Summary | None = None
) -> Summary:
    counts = {item["values"]: item["counts"] for item in pc.value_counts(values).to_pylist()}
    if like is None:
        named = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:CATEGORIES])
    else:
        named = {name: counts.get(name, 0) for name in like.categories}
    other = sum(counts.values()) - sum(named.values())
    nans, quantiles = (counted.nans, counted.quantiles) if counted else (0, ())
    return Summary("category", rows, nulls, nans, quantiles, categories=named, other=other, distinct=len(counts))


def _numbers(values: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_list(values.type):
        values = pc.list_value_length(values)
    elif pa.types.is_binary(values.type):
        values = pc.binary_length(values)
    return values.to_numpy().astype(np.float64)


def _words(numbers: np.ndarray) -> pa.ChunkedArray:
    """Numbers as categories: 3, 2.5."""
    return pa.chunked_array([pa.array([f"{number:.15g}" for number in numbers.tolist()], pa.string())])


def _seconds(times: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(times.cast(pa.int64()).to_numpy() // 1_000_000, np.float64)


def _quantiles(numbers: np.ndarray) -> tuple[float, ...]:
    return tuple(np.quantile(numbers, SHARES).tolist()) if len(numbers) else ()


def _counts(numbers: np.ndarray, edges: np.ndarray) -> tuple[int, ...]:
    places = np.searchsorted(edges, numbers, side="right")
    return tuple(np.bincount(places, minlength=len(edges) + 1).tolist())


def _edges(bins: Bins | None) -> np.ndarray:
    return np.array(bins.edges if bins else (), np.float64)


def _drawn_edges(numbers: np.ndarray) -> Bins:
    """Intervals that hold all numbers: by a factor where they reach thousands, of a fortieth for shares, else equal
    ones between round edges."""
    low, high = max(float(numbers.min()), -_LARGEST), min(float(numbers.max()), _LARGEST)
    if low >= 0 and high >= 1000:
        decades = math.ceil(math.log10(high * 1.0001))
        return Bins(tuple((10 ** np.linspace(0, decades, 4 * decades + 1)).tolist()), (), logarithmic=True)
    if low >= 0 and high <= 1:
        return Bins(tuple(np.linspace(0, 1.025, 42).tolist()), ())
    step = _round_step(max((high - low) / _BINS, _SMALLEST))
    first, last = math.floor(low / step), math.floor(high / step) + 1
    return Bins(tuple((np.arange(first, last + 1) * step).tolist()), ())


def _round_step(least: float) -> float:
    """The next of 1, 2, 2.5, 5, 10, … times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least)


def _bins(found: Mapping[str, Any] | None) -> Bins | None:
    return None if found is None else Bins(tuple(found["edges"]), tuple(found["counts"]), found["logarithmic"])
