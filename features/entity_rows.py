"""The rows of some entities in a view's table, read from its data files without an engine."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.data_files import DataFile
from lake.reading import LakeReader
from pipelines.tables import Table


def entity_rows(lake: LakeReader, table: Table, wanted: pa.Table) -> Iterator[pa.Table]:
    """Rows of the newest version whose keys are, each by itself, among those wanted; more entities may be among them.

    Files without such rows are not read whole. A column that is newer than a file is null there.

    Args:
        lake: the tables.
        table: name and schema of the rows; it exists.
        wanted: a column of values for each key.
    """
    if wanted.num_rows:
        for file in lake.files(table.name):
            rows = _of_file(lake, table, file, wanted)
            if rows is not None:
                yield rows


def _of_file(lake: LakeReader, table: Table, file: DataFile, wanted: pa.Table) -> pa.Table | None:
    if not all(file.may_hold_between(name, pc.min_max(wanted[name])) for name in wanted.column_names):
        return None
    with lake.storage.open(f"{table.name}/{file.path}") as stream:
        opened = pq.ParquetFile(stream)
        places = _places(opened.read(columns=wanted.column_names), wanted)
        if not len(places):
            return None
        stored = [name for name in table.schema.names if name in opened.schema_arrow.names]
        rows = opened.read(columns=stored).take(places)
    columns = [
        rows[field.name].cast(field.type) if field.name in stored else pa.nulls(rows.num_rows, field.type)
        for field in table.schema
    ]
    return pa.table(columns, schema=table.schema)


def _places(keys: pa.Table, wanted: pa.Table) -> pa.Array:
    is_wanted = np.ones(keys.num_rows, bool)
    for name in wanted.column_names:
        is_wanted &= pc.is_in(keys[name], value_set=wanted[name]).to_numpy()
    return pa.array(np.flatnonzero(is_wanted))
