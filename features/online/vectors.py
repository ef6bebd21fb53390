"""What a lookup returns: columns of values, and for each value why it is what it is."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class FeatureVectors:
    """The features asked for, in order, as columns with an item for each row asked for.

    Columns that are equal may be one list (the event times of a view's features, statuses that are all PRESENT), so a
    caller that wants to change one copies it first.

    Attributes:
        names: of the features; `view__feature` if full names were asked for.
        views: the view, or on-demand view, of each.
        columns: values; None unless the status is PRESENT.
        statuses: numbers of `features.freshness.Status`.
        event_times: of the row that a value is from, in microseconds since the epoch; None where there is no row, and
            for on-demand views.
    """

    names: tuple[str, ...]
    views: tuple[str, ...]
    columns: list[list[Any]]
    statuses: list[list[int]]
    event_times: list[list[int | None]]

    def rows(self) -> list[dict[str, Any]]:
        """A mapping from name to value for each row asked for."""
        return [dict(zip(self.names, row, strict=True)) for row in zip(*self.columns, strict=True)]

    def to_dict(self) -> dict[str, list[Any]]:
        """A mapping from name to column."""
        return dict(zip(self.names, self.columns, strict=True))
