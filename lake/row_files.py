"""Which data files hold given rows, and what these files are without them.

A small change of a large table opens a few narrow columns of its files, and rewrites only the files with such rows.
Rows are given as a table of texts, `wanted`: a row is meant if its values in these columns are those of a row there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.data_files import DataFile
from lake.parquet_writer import TableWriter
from pipelines.storage.storage import Storage
from pipelines.tables import Table


@dataclass(frozen=True)
class Rewritten:
    """Files to take out of a table, those with their remaining rows, and the number of rows left out."""

    removed: Sequence[DataFile]
    added: Sequence[DataFile]
    rows: int


def holding(storage: Storage, table: str, files: Sequence[DataFile], wanted: pa.Table) -> list[DataFile]:
    """The files with such rows."""
    return [file for file in files if _count(storage, table, file, wanted)]


def select(
    storage: Storage, table: Table, files: Sequence[DataFile], wanted: pa.Table, columns: Sequence[str]
) -> pa.Table:
    """Some columns of such rows."""
    schema = pa.schema([table.schema.field(name) for name in columns])
    parts = [schema.empty_table()]
    for file in holding(storage, table.name, files, wanted):
        for part in row_groups(storage, table, file, [*columns, *wanted.column_names]):
            parts.append(part.filter(_among(part, wanted)).select(columns).cast(schema))
    return pa.concat_tables(parts)


def without(storage: Storage, table: Table, files: Sequence[DataFile], wanted: pa.Table, run_id: str) -> Rewritten:
    """Writes the files with such rows anew, without these rows; the order of the others stays."""
    removed, rows = [], 0
    writer = TableWriter(storage.root, table, run_id)
    try:
        for file in files:
            if found := _count(storage, table.name, file, wanted):
                removed.append(file)
                rows += found
                for part in row_groups(storage, table, file):
                    writer.write(completed(part.filter(pc.invert(_among(part, wanted))), table.schema))
        return Rewritten(removed, writer.close(), rows)
    except BaseException:
        writer.abort()
        raise


def completed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Adds the columns that these rows lack, as nulls."""
    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows


def _count(storage: Storage, table: str, file: DataFile, wanted: pa.Table) -> int:
    """How many such rows a file has."""
    if not wanted.num_rows or not all(
        file.may_hold_between(name, pc.min_max(wanted[name])) for name in wanted.column_names
    ):
        return 0
    with storage.open(f"{table}/{file.path}") as stream:
        found = pq.ParquetFile(stream).read(columns=wanted.column_names)
    return pc.sum(_among(found, wanted)).as_py() or 0


def _among(rows: pa.Table, wanted: pa.Table) -> pa.ChunkedArray:
    """Whether each row is one of those meant."""
    return pc.is_in(_joined(rows, wanted.column_names), value_set=_joined(wanted, wanted.column_names))


def _joined(rows: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray:
    """The values of several columns as one text; paths and ids hold no U+0000."""
    texts = [rows[name].cast(pa.string()) for name in columns]
    return texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "\0")


def row_groups(
    storage: Storage, table: Table, file: DataFile, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """The rows of a file, with its partition columns, a row group at a time. Columns that it lacks are not there."""
    with storage.open(f"{table.name}/{file.path}") as stream:
        opened = pq.ParquetFile(stream)
        for number in range(opened.num_row_groups):
            rows = opened.read_row_group(number, columns=columns)
            for name, value in file.partition.items():
                rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
            yield rows
