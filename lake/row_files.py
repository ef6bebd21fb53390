"""Which data files hold given rows, and what these files are without them.

A small change of a large table opens one narrow column of its files, and rewrites only the files with such rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.data_files import DataFile
from lake.parquet_writer import TableWriter
from lake.storage import Storage
from pipelines.tables import Table


@dataclass(frozen=True)
class Rewritten:
    """Data files that leave a table, the files with their remaining rows, and the number of rows without a place."""

    removed: Sequence[DataFile]
    added: Sequence[DataFile]
    rows: int


def holding(storage: Storage, table: str, files: Sequence[DataFile], column: str, values: pa.Array) -> list[DataFile]:
    """The files in which some row has one of the values in a column of texts."""
    return [file for file in files if _count(storage, table, file, column, values)]


def without(
    storage: Storage, table: Table, files: Sequence[DataFile], column: str, values: pa.Array, run_id: str
) -> Rewritten:
    """Writes the files with such rows anew, without these rows; the order of the others stays."""
    removed, rows = [], 0
    writer = TableWriter(storage.root, table, run_id)
    try:
        for file in files:
            if found := _count(storage, table.name, file, column, values):
                removed.append(file)
                rows += found
                for part in _row_groups(storage, table, file):
                    writer.write(part.filter(pc.invert(pc.is_in(part[column], value_set=values))))
        return Rewritten(removed, writer.close(), rows)
    except BaseException:
        writer.abort()
        raise


def _count(storage: Storage, table: str, file: DataFile, column: str, values: pa.Array) -> int:
    """How many rows of a file have one of the values."""
    if not len(values) or not file.may_hold_between(column, pc.min_max(values)):
        return 0
    with storage.open(f"{table}/{file.path}") as stream:
        found = pq.ParquetFile(stream).read(columns=[column])[column]
    return pc.sum(pc.is_in(found, value_set=values)).as_py() or 0


def _row_groups(storage: Storage, table: Table, file: DataFile) -> Iterator[pa.Table]:
    """The rows of a file, with its partition columns, a row group at a time."""
    with storage.open(f"{table.name}/{file.path}") as stream:
        opened = pq.ParquetFile(stream)
        for number in range(opened.num_row_groups):
            rows = opened.read_row_group(number)
            for name, value in file.partition.items():
                rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
            yield rows
