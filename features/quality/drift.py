"""How far a feature's values have moved from its pinned baseline.

The population stability index of two distributions over the same intervals is the sum of (p - q) · ln(p / q). Up to
0.1 is commonly read as stable, above 0.25 as changed. It also grows with chance where values are few: of two samples
of n and m values from one distribution over k intervals it is about (1/n + 1/m) · χ²(k - 1). So a feature has drifted
if its index is above 0.25 and above what chance explains once in a thousand times.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.quality.summary import Summary

CHANGED = 0.25
"""The largest index of a feature that has not changed."""

NULLS_CHANGED = 0.1
"""The largest change of a share of nulls that is none."""

_ONCE_IN_A_THOUSAND = 3.09  # standard deviations


@dataclass(frozen=True)
class Drift:
    """A feature against its baseline."""

    index: float | None  # None where nothing can be compared: times, or no values on one side
    by_chance: float  # the index that chance explains once in a thousand times
    null_change: float  # share of nulls now less that of the baseline
    nulls_by_chance: float  # the change that chance explains, likewise
    limit: float = CHANGED
    null_limit: float = NULLS_CHANGED

    @property
    def values_drifted(self) -> bool:
        """Whether the values have another distribution."""
        return self.index is not None and self.index > max(self.limit, self.by_chance)

    @property
    def nulls_drifted(self) -> bool:
        """Whether more, or fewer, rows have no value."""
        return abs(self.null_change) > max(self.null_limit, self.nulls_by_chance)

    @property
    def has_drifted(self) -> bool:
        """Whether either."""
        return self.values_drifted or self.nulls_drifted


def drift(baseline: Summary, now: Summary, limit: float = CHANGED, null_limit: float = NULLS_CHANGED) -> Drift:
    """The drift of a feature; `now` was summarised like the baseline."""
    parts = [pair for pair in zip(_parts(baseline), _parts(now), strict=True) if any(pair)]
    totals = [sum(side) for side in zip(*parts, strict=True)] or [0, 0]
    index, by_chance = None, 0.0
    if all(totals):
        index = stability_index([before for before, _ in parts], [after for _, after in parts])
        by_chance = (1 / totals[0] + 1 / totals[1]) * chi_squared_bound(max(len(parts) - 1, 1))
    return Drift(
        index,
        by_chance,
        now.null_share - baseline.null_share,
        _share_by_chance(baseline.nulls, baseline.rows, now.nulls, now.rows),
        limit,
        null_limit,
    )


def stability_index(before: Sequence[int], after: Sequence[int]) -> float:
    """The population stability index of two lists of counts; half a count is added to each, so that none is 0."""
    p, q = (np.asarray(counts, np.float64) + 0.5 for counts in (before, after))
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def chi_squared_bound(freedom: int) -> float:
    """What a χ² of so many degrees of freedom exceeds once in a thousand times (Wilson and Hilferty, 1931)."""
    part = 2 / (9 * freedom)
    return freedom * (1 - part + _ONCE_IN_A_THOUSAND * math.sqrt(part)) ** 3


def _parts(summary: Summary) -> list[int]:
    """Counts of all intervals or categories; NaN and infinity are one more."""
    if summary.kind == "category":
        return [*summary.categories.values(), summary.other, summary.nans]
    return [*summary.tenths.counts, summary.nans] if summary.tenths else []


def _share_by_chance(count: int, total: int, other: int, other_total: int) -> float:
    """The difference of two shares that chance explains once in a thousand times if both are the same."""
    if not total or not other_total:
        return 1.0
    share = (count + other + 1) / (total + other_total + 2)
    return _ONCE_IN_A_THOUSAND * math.sqrt(share * (1 - share) * (1 / total + 1 / other_total))
