"""The features of one view for some entities: what a store, or a function, gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from features.freshness import Status, is_fresh


@dataclass(slots=True)
class Source:
    """Columns with an item for each entity. Columns of statuses can be one list, so they are replaced, not changed.

    Attributes:
        events: the event time of each entity's values, in microseconds; None where there is none.
        columns: values of each feature; None unless the status is PRESENT.
        statuses: of each feature.
    """

    events: list[int | None]
    columns: list[list[Any]]
    statuses: list[list[int]]

    def at(self, positions: Sequence[int]) -> "Source":
        """An item for each position; positions can repeat."""
        return Source(
            [self.events[at] for at in positions],
            [[column[at] for at in positions] for column in self.columns],
            [[column[at] for at in positions] for column in self.statuses],
        )

    def with_rows(self, positions: Sequence[int], other: "Source") -> "Source":
        """These entities, but at some positions those of another source."""
        if len(positions) == len(self.events):
            return other
        order = list(range(len(self.events)))
        for there, at in enumerate(positions, len(order)):
            order[at] = there
        return joined([self, other]).at(order)

    def fresh(self, at_us: int, max_age_us: int | None) -> "Source":
        """The same, without values of entities whose event time does not count at this time (`is_fresh`)."""
        known = [event for event in self.events if event is not None]
        if not known or (is_fresh(min(known), at_us, max_age_us) and is_fresh(max(known), at_us, max_age_us)):
            return self
        outside = [event is not None and not is_fresh(event, at_us, max_age_us) for event in self.events]
        return Source(
            self.events,
            [_replaced(column, outside, None) for column in self.columns],
            [_replaced(column, outside, int(Status.OUTSIDE_MAX_AGE)) for column in self.statuses],
        )


def nothing(features: int) -> Source:
    """No entities, of so many features."""
    return Source([], [[] for _ in range(features)], [[] for _ in range(features)])


def joined(sources: Sequence[Source]) -> Source:
    """The entities of some sources of the same features, one source after the other."""
    return Source(
        [event for each in sources for event in each.events],
        [list(chain.from_iterable(parts)) for parts in zip(*(each.columns for each in sources), strict=True)],
        [list(chain.from_iterable(parts)) for parts in zip(*(each.statuses for each in sources), strict=True)],
    )


def _replaced(column: list[Any], where: list[bool], new: Any) -> list[Any]:
    return [new if replace else old for old, replace in zip(column, where, strict=True)]
