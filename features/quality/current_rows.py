"""The current values of a view's entities: of each the newest row, unless it says that the entity is gone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.definition.view import CREATED, EVENT_TIMESTAMP, View
from features.tables import arrow_type
from lake.data_files import DataFile
from lake.reading import LakeReader
from pipelines.tables import TIMESTAMP


@dataclass(frozen=True)
class CurrentRows:
    """Which rows of a version of a view's table are current."""

    version: int
    rows: int  # of the table
    entities: int  # that are not gone
    newest_event: int | None  # microseconds since the epoch
    newest_created: int | None
    _parts: tuple[tuple[DataFile, pa.Array], ...]  # files, and the places of current rows in them

    def column(self, lake: LakeReader, view: View, feature: str) -> pa.ChunkedArray:
        """The current values of a feature; null where it has none."""
        types = {each.name: arrow_type(each.value_type) for each in view.features}
        return self._read(lake, view, feature, types[feature])

    def keys(self, lake: LakeReader, view: View) -> pa.Table:
        """The keys of the entities, in the same order."""
        return pa.table(
            {
                each.join_key: self._read(lake, view, each.join_key, arrow_type(each.value_type))
                for each in view.entities
            }
        )

    def event_times(self, lake: LakeReader, view: View) -> np.ndarray:
        """The event times of the current rows, in microseconds since the epoch."""
        found = self._read(lake, view, EVENT_TIMESTAMP, TIMESTAMP)
        return np.asarray(found.cast(pa.int64()).to_numpy())

    def _read(self, lake: LakeReader, view: View, name: str, wanted: pa.DataType) -> pa.ChunkedArray:
        chunks: list[pa.Array] = []
        for file, places in self._parts:
            column = _read(lake, view.table, file, [name])
            found = column[name].take(places).chunks if column.num_columns else [pa.nulls(len(places), wanted)]
            chunks.extend(chunk.cast(wanted) for chunk in found)
        return pa.chunked_array(chunks, wanted)


def current_rows(lake: LakeReader, view: View) -> CurrentRows | None:
    """The current rows of a view; None if it has no table."""
    version = lake.version(view.table)
    if version < 0:
        return None
    files = lake.files(view.table, version)
    narrow = [_read(lake, view.table, file, [*view.join_keys, EVENT_TIMESTAMP, CREATED]) for file in files]
    if not sum(part.num_rows for part in narrow):
        return CurrentRows(version, 0, 0, None, None, ())
    rows = pa.concat_tables(narrow, promote_options="permissive")
    is_current = _is_newest(rows, list(view.join_keys))
    parts = []
    for file, begin in zip(files, _begins(narrow), strict=False):
        places = np.flatnonzero(is_current[begin : begin + file.rows])
        parts.append((file, pa.array(places[~_is_gone(lake, view, file, places)])))
    return CurrentRows(
        version,
        rows.num_rows,
        sum(len(places) for _, places in parts),
        pc.max(rows[EVENT_TIMESTAMP].cast(pa.int64())).as_py(),
        pc.max(rows[CREATED].cast(pa.int64())).as_py(),
        tuple(parts),
    )


def _is_newest(rows: pa.Table, keys: list[str]) -> np.ndarray:
    """Whether each row is the newest of its entity: by event time, then creation."""
    order = pc.sort_indices(rows, [(name, "ascending") for name in (*keys, EVENT_TIMESTAMP, CREATED)])
    is_last = np.ones(rows.num_rows, bool)
    if rows.num_rows > 1:
        is_same = np.ones(rows.num_rows - 1, bool)
        for name in keys:
            values = rows[name].take(order).combine_chunks()
            is_same &= pc.equal(values[:-1], values[1:]).fill_null(False).to_numpy(zero_copy_only=False)
        is_last[:-1] = ~is_same
    found = np.zeros(rows.num_rows, bool)
    found[order.to_numpy()[is_last]] = True
    return found


def _is_gone(lake: LakeReader, view: View, file: DataFile, places: np.ndarray) -> np.ndarray:
    """Of some rows of a file, which have no value at all."""
    gone = np.ones(len(places), bool)
    for feature in view.features:
        if gone.any():
            column = _read(lake, view.table, file, [feature.name])
            if feature.name in column.column_names:
                nulls = column[feature.name].take(pa.array(places)).is_null()
                gone &= nulls.to_numpy(zero_copy_only=False) if isinstance(nulls, pa.Array) else nulls.to_numpy()
    return gone


def _begins(parts: list[pa.Table]) -> Iterator[int]:
    """Where each part begins in all of them."""
    begin = 0
    for part in parts:
        yield begin
        begin += part.num_rows


def _read(lake: LakeReader, table: str, file: DataFile, columns: list[str]) -> pa.Table:
    with lake.storage.open(f"{table}/{file.path}") as stream:
        opened = pq.ParquetFile(stream)
        return opened.read(columns=[name for name in columns if name in opened.schema_arrow.names])
