"""From the current state of a view's entities to the rows that its history lacks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.definition.view import CREATED, EVENT_TIMESTAMP, View

_BEFORE = "_before_"  # begins the names of columns of the newest stored row
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def changes(current: DataFrame, stored: DataFrame, view: View, at: datetime, created: datetime) -> DataFrame:
    """The rows to append: of each entity whose values are other than in its newest stored row.

    An entity that has stored values and no current row is gone: its row has no values. The event time of a row is its
    own where that is later than the newest stored one, else `at`, and never before the newest stored one. It is
    created after that one. So the row becomes the newest, whatever the clocks of the inputs and of this machine say.

    A view that serving code pushes to holds rows that `current` knows nothing of: there, only rows of later events are
    added, with their own time, and nothing is gone.

    Args:
        current: (key, features, event_timestamp) of each entity that there is now.
        stored: the view's table, all rows of these entities and of those that may be gone.
        view: names keys and features.
        at: when the newest input was written.
        created: when these rows are written.

    Returns:
        (keys, features, event_timestamp, created).
    """
    keys, names = view.join_keys, [feature.name for feature in view.features]
    before = newest(stored, keys).select(
        *keys, *(F.col(name).alias(f"{_BEFORE}{name}") for name in (*names, EVENT_TIMESTAMP, CREATED))
    )
    both = current.select(*keys, *names, EVENT_TIMESTAMP).join(before, on=list(keys), how="full")
    differs = reduce(or_, (~F.col(name).eqNullSafe(F.col(f"{_BEFORE}{name}")) for name in names))
    if view.pushed:
        own, stored_event = F.col(EVENT_TIMESTAMP), F.col(f"{_BEFORE}{EVENT_TIMESTAMP}")
        differs = differs & own.isNotNull() & (stored_event.isNull() | (own > stored_event))
    return both.where(differs).select(
        *keys,
        *names,
        _event(instant(at)).alias(EVENT_TIMESTAMP),
        F.greatest(instant(created), F.timestamp_micros(F.unix_micros(f"{_BEFORE}{CREATED}") + 1)).alias(CREATED),
    )


def newest(stored: DataFrame, keys: Sequence[str]) -> DataFrame:
    """The row of each entity with the greatest event time; of several, the one created last."""
    latest = Window.partitionBy(*keys).orderBy(F.desc(EVENT_TIMESTAMP), F.desc(CREATED))
    ranked = stored.withColumn("_rank", F.row_number().over(latest))
    return ranked.where("_rank = 1").drop("_rank")


def instant(time: datetime) -> Column:
    """A time as a literal; the session's time zone plays no part."""
    return F.timestamp_micros(F.lit((time - _EPOCH) // timedelta(microseconds=1)))


def _event(at: Column) -> Column:
    own, before = F.col(EVENT_TIMESTAMP), F.col(f"{_BEFORE}{EVENT_TIMESTAMP}")
    return F.when(before.isNull() | (own > before), own).otherwise(F.greatest(at, before))
