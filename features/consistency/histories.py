"""The histories of some entities in a view's table, and samples of its keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.consistency.answer import from_plain, plain
from features.consistency.comparison import History, Row
from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.entity_rows import entity_rows
from features.plan import PlannedView
from features.tables import arrow_type
from lake.reading import LakeReader
from pipelines.tables import TIMESTAMP, Table

Key = tuple[Any, ...]
"""The plain values of an entity's keys, in the order of the view's plan."""


def table_of_plan(view: PlannedView) -> Table:
    """The table of a view, as far as its plan knows it."""
    fields = [pa.field(name, arrow_type(each)) for name, each in {**view.join_keys, **view.features}.items()]
    times = [pa.field(EVENT_TIMESTAMP, TIMESTAMP), pa.field(CREATED, TIMESTAMP)]
    return Table(f"features_{view.name}", (*view.join_keys, EVENT_TIMESTAMP, CREATED), pa.schema([*fields, *times]))


def histories(lake: LakeReader, view: PlannedView, keys: Iterable[Key]) -> dict[Key, History]:
    """All rows of some entities; an entity without rows has an empty history."""
    found: dict[Key, list[Row]] = {key: [] for key in keys}
    table = table_of_plan(view)
    if found and lake.exists(table.name):
        for rows in entity_rows(lake, table, _wanted(view, found)):
            for key, row in zip(_keys(view, rows), _rows(view, rows), strict=True):
                if key in found:
                    found[key].append(row)
    for each in found.values():
        each.sort(key=lambda row: (row.event, row.created))
    return {key: History(rows, view.max_age_us) for key, rows in found.items()}


def sample_keys(lake: LakeReader, view: PlannedView, count: int, random: np.random.Generator) -> list[Key]:
    """Keys of rows drawn at random from the newest version of a view's table, each once.

    Files of which no row is drawn are not opened.
    """
    table = table_of_plan(view)
    files = lake.files(table.name) if lake.exists(table.name) else []
    sizes = np.array([file.rows for file in files], dtype=np.int64)
    if not sizes.sum():
        return []
    drawn = random.multivariate_hypergeometric(sizes, min(count, int(sizes.sum())))
    found: dict[Key, None] = {}
    for file, number in zip(files, drawn, strict=True):
        if number:
            with lake.storage.open(f"{table.name}/{file.path}") as stream:
                keys = pq.ParquetFile(stream).read(columns=list(view.join_keys))
            places = np.sort(random.choice(keys.num_rows, number, replace=False))
            found |= dict.fromkeys(_keys(view, keys.take(places)))
    return list(found)


def _wanted(view: PlannedView, keys: Mapping[Key, object]) -> pa.Table:
    columns = zip(*keys, strict=True)
    return pa.table(
        {
            name: pa.array([from_plain(value, each) for value in values], arrow_type(each))
            for (name, each), values in zip(view.join_keys.items(), columns, strict=True)
        }
    )


def _keys(view: PlannedView, rows: pa.Table) -> list[Key]:
    columns = [[plain(value) for value in rows[name].to_pylist()] for name in view.join_keys]
    return list(zip(*columns, strict=True))


def _rows(view: PlannedView, rows: pa.Table) -> list[Row]:
    columns: Sequence[Sequence[Any]] = [rows[name].to_pylist() for name in view.features]
    events, created = (rows[name].cast(pa.int64()).to_pylist() for name in (EVENT_TIMESTAMP, CREATED))
    values = zip(*columns, strict=True)
    return [
        Row(event, made, dict(zip(view.features, map(plain, row), strict=True)))
        for event, made, row in zip(events, created, values, strict=True)
    ]
