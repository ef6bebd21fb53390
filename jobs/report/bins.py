"""Histogram bins of a measure. They depend on its kind and threshold, not on the data, so one pass counts all."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from jobs.report.data import Histogram, Threshold

SLOTS = 128
"""Largest number of slots of a measure; `measure * SLOTS + slot` is a code of both."""


@dataclass(frozen=True)
class Bins:
    """`count` bins of equal width from `low` to `high`, of the value or of its decimal logarithm.

    Slot 0 counts values below `low`, slots 1 to `count` are the bins, slot `count + 1` counts values from `high` on.
    Due to rounding, a value on an edge may fall on either side; decisions are exact and do not use bins.
    """

    low: float
    high: float
    count: int
    logarithmic: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or not 0 < self.count <= SLOTS - 2:
            raise ValueError(f"{self}: needs low < high and 1 to {SLOTS - 2} bins")

    @property
    def slots(self) -> int:
        """Bins and the two slots beside them."""
        return self.count + 2

    @property
    def edges(self) -> tuple[float, ...]:
        """The count + 1 edges, in the measure's own unit."""
        steps = np.linspace(self.low, self.high, self.count + 1)
        return tuple(float(f"{edge:.6g}") for edge in (10**steps if self.logarithmic else steps))

    def histogram(self, slots: dict[int, int]) -> Histogram:
        """Counts per slot as a histogram."""
        counts = tuple(slots.get(slot, 0) for slot in range(self.slots))
        return Histogram(edges=self.edges, logarithmic=self.logarithmic, counts=counts)


SHARE = Bins(0.0, 1.02, 51)
"""Shares of a whole, in steps of two hundredths; the last bin holds exactly 1."""

COUNT = Bins(0.0, 6.0, 48, logarithmic=True)
"""Counts from 1 to a million, eight bins per decade; slot 0 holds the zeros."""

SMALL_COUNT = Bins(0.0, 40.0, 40)
"""Small counts, one per bin."""

MEAN_LENGTH = Bins(0.0, 20.0, 40)
"""Mean lengths of words, in characters."""

SWITCH = Bins(0.0, 2.0, 2)
"""No and yes."""

FILL = Bins(0.0, 1.02, 51)
"""Fill of a sequence: tokens over length."""

STATUS = Bins(100.0, 600.0, 50)
"""Statuses of HTTP responses, in steps of ten."""

_NAMED = {
    "mean_word_length": MEAN_LENGTH,
    "stop_words": Bins(0.0, 20.0, 20),
    "sentences": SMALL_COUNT,
    "http_status": STATUS,
}


Kind = Literal["share", "count", "switch"]


def of(measure: str, kind: Kind, threshold: Threshold | None) -> Bins:
    """The bins of a measure; for a share with an upper bound below 0.25, they end at four times that bound."""
    field = measure.rpartition(".")[2]
    if field in _NAMED:
        return _NAMED[field]
    if kind == "switch":
        return SWITCH
    if kind == "count":
        return COUNT
    if threshold and threshold.value and threshold.comparison == ">" and threshold.value < 0.25:
        return Bins(0.0, 4 * threshold.value, 40)
    return SHARE


def nice(value: float) -> str:
    """A value as a label: thousands separated, otherwise four significant digits."""
    if not math.isfinite(value):
        return "∞"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
