"""One pass of the join, in a task: entity rows and the histories of views with the same keys, brought together.

The engine moves the rows so that a task has all rows of each of its keys; the task sorts and looks up with
`as_of.newest_as_of`. Columns have names of their own here, so that no name of an entity row can be taken for one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.freshness import Status, is_fresh
from features.tables import arrow_type
from features.training_sets.as_of import NOTHING, Numbers, key_numbers, newest_as_of
from features.training_sets.specification import KnownAt, Source
from pipelines.tables import TIMESTAMP

Batches = Iterator[pa.RecordBatch]

SOURCE, TIME, CREATED = "source", "time", "created"
"""Columns of the rows that a task receives: the number of the source of a row, null in entity rows; event time; time
of creation. Keys, values and columns of entity rows follow."""


_BATCH_ROWS = 10_000  # of what comes out; functions on demand get so many at once


def key_name(key: int) -> str:
    """The column of a key, by its place in `Source.keys`."""
    return f"key_{key}"


def value_name(source: int, feature: int) -> str:
    """The column of a feature: before the join in rows of its history, after it in entity rows."""
    return f"value_{source}_{feature}"


def status_name(source: int) -> str:
    """The column of a view's status, after the join."""
    return f"status_{source}"


def event_name(source: int) -> str:
    """The column of the event time of the row that was found in a view, after the join."""
    return f"event_{source}"


def found_fields(source: Source, number: int) -> list[pa.Field]:
    """The columns that the join adds to entity rows."""
    values = [
        pa.field(value_name(number, place), arrow_type(source.view.features[name]))
        for place, name in enumerate(source.features)
    ]
    return [*values, pa.field(status_name(number), pa.int8()), pa.field(event_name(number), TIMESTAMP)]


@dataclass(frozen=True)
class Pass:
    """A function for `mapInArrow`: from rows of entities and histories to entity rows with features.

    Every entity row comes out once, whether anything is found for it or not.
    """

    sources: tuple[tuple[int, Source], ...]  # with equal keys
    known_at: KnownAt  # a fixed time is left to the engine
    schema: pa.Schema  # of what comes out: entity rows, then `found_fields` of each source

    def __call__(self, batches: Batches) -> Batches:
        """All rows of a task at once."""
        received = list(batches)
        if received:
            yield from self.joined(pa.Table.from_batches(received)).to_batches(max_chunksize=_BATCH_ROWS)

    def joined(self, rows: pa.Table) -> pa.Table:
        """The entity rows among these, with what was found for them."""
        keys = key_numbers([rows[key_name(place)] for place in range(len(self.sources[0][1].keys))])
        time = _numbers(rows[TIME])
        number = np.asarray(pc.fill_null(rows[SOURCE], NOTHING))
        asked = np.flatnonzero(number == NOTHING)
        added = {field.name for each, source in self.sources for field in found_fields(source, each)}
        entities = rows.select([name for name in self.schema.names if name not in added]).take(pa.array(asked))
        for each, source in self.sources:
            place = np.flatnonzero(number == each)
            created = _numbers(pc.fill_null(rows[CREATED].take(pa.array(place)).cast(pa.int64()), _LONG_AGO))
            known = created if self.known_at == "row" else None
            row = newest_as_of(keys[asked], time[asked], keys[place], time[place], created, known)
            found = np.append(place, NOTHING)[row]  # of NOTHING, which is -1, the last
            for field, column in zip(
                found_fields(source, each), _found(rows, time, asked, found, each, source), strict=True
            ):
                entities = entities.append_column(field, column)
        return entities.cast(self.schema)


_LONG_AGO = -(1 << 62)  # for rows that do not say when they were created


def _found(
    rows: pa.Table, time: Numbers, asked: Numbers, found: Numbers, number: int, source: Source
) -> Iterator[pa.ChunkedArray]:
    """Values, status and event time of each entity row.

    Args:
        rows: that the task received.
        time: of each of them.
        asked: the places of entity rows.
        found: for each of these the place of the row that holds, or `NOTHING`.
        number: of the source.
        source: a view.
    """
    missing = found == NOTHING
    event = np.where(missing, 0, time[found])
    fresh = ~missing & is_fresh(event, time[asked], source.view.max_age_us)
    take = pa.array(found, mask=~fresh)
    null = np.ones(len(asked), bool)
    for place, name in enumerate(source.features):
        values = as_served(rows[value_name(number, place)].take(take), arrow_type(source.view.features[name]))
        null &= np.asarray(values.is_null())
        yield values
    status = np.where(null, Status.NULL_VALUE, Status.PRESENT)
    status = np.where(fresh, status, np.where(missing, Status.NOT_FOUND, Status.OUTSIDE_MAX_AGE))
    yield pa.chunked_array([pa.array(status.astype(np.int8))])
    yield pa.chunked_array([pa.array(event, mask=missing).cast(TIMESTAMP)])


def as_served(values: pa.ChunkedArray, dtype: pa.DataType) -> pa.ChunkedArray:
    """Values as the online store has them: times in whole seconds, rounded down."""
    if dtype == TIMESTAMP:
        return pc.floor_temporal(values.cast(TIMESTAMP), unit="second")
    if dtype == pa.list_(TIMESTAMP):
        lists = values.cast(dtype).combine_chunks()
        moments = pc.floor_temporal(lists.values, unit="second")
        return pa.chunked_array([pa.ListArray.from_arrays(lists.offsets, moments, mask=lists.is_null())])
    return values


def _numbers(column: pa.ChunkedArray) -> Numbers:
    return np.asarray(column.cast(pa.int64()))
