"""The one freshness rule, of training sets and of lookups, and the status that each value has by it.

At time `t` an entity's row in a view is the one with the greatest event time that is not after `t`; of several, the
one created last. Its values count if the view has no maximum age, or if the event time is at most that long before.
"""

from enum import IntEnum
from typing import Any


class Status(IntEnum):
    """Why a value is what it is; numbers and names of Feast's `FieldStatus`. Only PRESENT has a value."""

    INVALID = 0  # what is stored is not of the feature's type
    PRESENT = 1
    NULL_VALUE = 2  # the entity has a fresh row, in which this feature is null
    NOT_FOUND = 3  # the entity has no row
    OUTSIDE_MAX_AGE = 4  # its row is older than the view allows, or from after the time of the request


def is_fresh(event: Any, at: Any, max_age: int | None) -> Any:
    """Whether a row counts at a time: `at - max_age <= event <= at`, both ends included.

    Args:
        event: event times in microseconds since the epoch: a number, a numpy array or a Spark column.
        at: the time of the request; as `event`.
        max_age: of the view, in microseconds; None if it has none.
    """
    not_after = event <= at
    return not_after if max_age is None else not_after & (at - event <= max_age)
