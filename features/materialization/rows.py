"""The rows of a view's data files that a materialization writes, in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.materialization.work import Part
from features.plan import PlannedView
from features.tables import arrow_type
from lake.reading import LakeReader
from pipelines.errors import TokenlakeError
from pipelines.tables import TIMESTAMP

BATCH_ROWS = 1 << 13


class UnreadableRowsError(TokenlakeError, ValueError):
    """A data file has other columns than its view; the message names both."""


@dataclass(frozen=True)
class Batch:
    """Some rows of a view, the newest of each entity among them."""

    rows: pa.Table
    first_us: int | None  # event times of the rows; None if there are none
    last_us: int | None
    later_us: int | None  # the earliest event time that was left out because it is after the time to write up to


def batches(lake: LakeReader, table: str, part: Part, view: PlannedView) -> Iterator[Batch]:
    """The rows of a part of a table.

    Raises:
        UnreadableRowsError: a column is missing, or has a type that cannot become that of the view.
    """
    schema = schema_of(view)
    with lake.storage.open(f"{table}/{part.file.path}") as stream:
        file = pq.ParquetFile(stream)
        present = [name for name in schema.names if name in file.schema_arrow.names]
        for batch in file.iter_batches(BATCH_ROWS, columns=present):
            rows = shaped(pa.Table.from_batches([batch]), view, f"{table}/{part.file.path}")
            yield chosen(rows, list(view.join_keys), part.after_us, part.up_to_us)


def schema_of(view: PlannedView) -> pa.Schema:
    """Keys, features and times of a view's table."""
    types = {name: arrow_type(each) for name, each in {**view.join_keys, **view.features}.items()}
    return pa.schema([*types.items(), (EVENT_TIMESTAMP, TIMESTAMP), (CREATED, TIMESTAMP)])


def shaped(rows: pa.Table, view: PlannedView, where: str) -> pa.Table:
    """The rows with all columns of the view; features that are newer than the rows are null.

    Args:
        rows: of the view's table, of any version.
        view: the definition.
        where: the rows are, for the message of an error.

    Raises:
        UnreadableRowsError: as `batches`.
    """
    columns = []
    for column in schema_of(view):
        if column.name in rows.column_names:
            try:
                columns.append(rows[column.name].cast(column.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                found = rows.schema.field(column.name).type
                raise UnreadableRowsError(
                    f"{where}: column {column.name} has type {found}, and view {view.name} {column.type}"
                ) from error
        elif column.name in view.features:
            columns.append(pa.nulls(len(rows), column.type))
        else:
            raise UnreadableRowsError(f"{where}: has no column {column.name}, which view {view.name} needs")
    return pa.table(columns, schema=schema_of(view))


def chosen(rows: pa.Table, keys: Sequence[str], after_us: int | None, up_to_us: int) -> Batch:
    """Of the rows with event times `after_us < event <= up_to_us` the newest of each entity."""
    events = rows[EVENT_TIMESTAMP].cast(pa.int64())
    is_later = pc.greater(events, up_to_us)
    later_us = pc.min(events.filter(is_later)).as_py()
    mask = pc.invert(is_later) if after_us is None else pc.and_not(pc.greater(events, after_us), is_later)
    found = newest(rows.filter(pc.fill_null(mask, True)), keys)  # a row without a time is refused where it is encoded
    ends = pc.min_max(found[EVENT_TIMESTAMP].cast(pa.int64()))
    return Batch(found, ends["min"].as_py(), ends["max"].as_py(), later_us)


def newest(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The row of each entity with the last event time; of several, the last created."""
    order = pc.sort_indices(rows, [(EVENT_TIMESTAMP, "descending"), (CREATED, "descending")])
    numbered = rows.select(keys).take(order).append_column("", pa.array(range(len(rows)), pa.int64()))
    first: Any = numbered.group_by(list(keys), use_threads=False).aggregate([("", "min")])["_min"]
    if len(first) == len(rows):
        return rows
    return rows.take(order.take(first))
