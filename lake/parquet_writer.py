"""Writes the rows of a task to Parquet files in the table's folder, and reports the files to the driver.

The driver commits each reported file. Files of failed or repeated tasks are in no commit, so readers ignore them.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from lake.data_files import REPORTED, DataFile, bound, reported
from pipelines.storage.storage import Storage
from pipelines.tables import STATISTICS, WITHOUT_DICTIONARY, Table

Batches = Iterator[pa.RecordBatch]

FILE_BYTES = 512 << 20
"""At this size a file is closed and the next one is started."""


def _random() -> str:
    return uuid.uuid4().hex[:12]


_OUR_NAME = re.compile(r"(?:.*/)?part-[a-z]+(?:-[0-9a-f]{16})?-[0-9a-f]{12}\.parquet")


def is_ours(path: str) -> bool:
    """Whether this writer made a data file, by its name; Spark wrote those of version 0.1, for instance."""
    return _OUR_NAME.fullmatch(path) is not None


@dataclass
class _Open:
    """An open file."""

    path: str
    partition: dict[str, str]
    stream: IO[bytes]
    writer: Any
    collected: list[Any]
    rows: int = 0


@dataclass
class _Pending:
    """Buffered rows of one partition."""

    tables: list[pa.Table] = field(default_factory=list)
    size: int = 0


class TableWriter:
    """Writes the rows of one task to new files of a table, one open file per partition.

    Args:
        root: the lake.
        table: gives schema, partitioning and compression.
        run_id: part of the file names, so that files of a killed run can be found.
        number: gives the 12 hexadecimal digits that end the name of the next file.
    """

    def __init__(self, root: str, table: Table, run_id: str, number: Callable[[], str] = _random) -> None:
        self.table, self._run_id, self._number = table, run_id, number
        self._storage = Storage(f"{root}/{table.name}")
        self._schema = pa.schema([each for each in table.schema if each.name not in table.partition_by])
        self._open: dict[tuple[str, ...], _Open] = {}
        self._pending: dict[tuple[str, ...], _Pending] = {}
        self._done: list[DataFile] = []

    def write(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Adds rows. Columns are matched by name and cast to the table's types.

        Raises:
            KeyError: a column is missing.
        """
        if not batch.num_rows:
            return
        rows = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        rows = rows.select(self.table.schema.names).cast(self.table.schema)
        for key, part in self._parts(rows):
            pending = self._pending.setdefault(key, _Pending())
            pending.tables.append(part)
            pending.size += part.nbytes
            if pending.size >= self.table.row_group_bytes:
                self._flush(key)

    def close(self) -> list[DataFile]:
        """Closes all files and returns them."""
        for key in list(self._pending):
            self._flush(key)
        for key in list(self._open):
            self._finish(key)
        return self._done

    def abort(self) -> None:
        """Deletes all files, after a failure of the task."""
        for each in self._open.values():
            with suppress(Exception):  # on a full disk the footer cannot be written
                each.writer.close()
            with suppress(Exception):
                each.stream.close()
        for path in [*(each.path for each in self._open.values()), *(file.path for file in self._done)]:
            self._storage.delete(path)

    def _parts(self, rows: pa.Table) -> Iterator[tuple[tuple[str, ...], pa.Table]]:
        names = self.table.partition_by
        if not names:
            yield (), rows
            return
        import pyarrow.compute as pc

        for key in rows.select(names).group_by(list(names)).aggregate([]).to_pylist():
            mask = None
            for name in names:
                equal = pc.equal(rows[name], key[name])
                mask = equal if mask is None else pc.and_(mask, equal)
            yield tuple(key[name] for name in names), rows.filter(mask).select(self._schema.names)

    def _flush(self, key: tuple[str, ...]) -> None:
        """Writes buffered rows as one row group."""
        rows = pa.concat_tables(self._pending.pop(key).tables)
        target = self._open.get(key) or self._create(key)
        target.writer.write_table(rows, row_group_size=max(rows.num_rows, 1))
        target.rows += rows.num_rows
        if target.stream.tell() >= FILE_BYTES:
            self._finish(key)

    def _create(self, key: tuple[str, ...]) -> _Open:
        partition = dict(zip(self.table.partition_by, key, strict=True))
        folder = "".join(f"{name}={value}/" for name, value in partition.items())
        path = f"{folder}part-{self._run_id}-{self._number()}.parquet"
        stream = self._storage.create(path)
        collected: list[Any] = []
        names = self._schema.names
        writer = pq.ParquetWriter(
            stream,
            self._schema,
            compression=_CODECS.get(self.table.compression, self.table.compression),
            use_dictionary=[name for name in names if name not in WITHOUT_DICTIONARY],
            write_statistics=[name for name in names if name in STATISTICS],
            **(_ONE_PAGE if self.table.one_page else {}),
            metadata_collector=collected,
            store_schema=False,
        )
        self._open[key] = _Open(path, partition, stream, writer, collected)
        return self._open[key]

    def _finish(self, key: tuple[str, ...]) -> None:
        done = self._open[key]
        done.writer.close()
        done.stream.close()
        del self._open[key]
        low, high = _bounds(done.collected[0])
        size = self._storage.size(done.path)
        self._done.append(DataFile(done.path, size, done.rows, done.partition, low, high))


_ONE_PAGE = {"data_page_size": 1 << 30, "max_rows_per_page": 1 << 30}  # more than a row group holds

_CODECS = {"uncompressed": "none", "lz4_raw": "lz4"}  # Parquet's names -> pyarrow's


def _bounds(metadata: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Smallest and largest value of each column that has statistics in every row group."""
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    for column in range(metadata.num_columns):
        name = metadata.schema.column(column).path
        found = [metadata.row_group(number).column(column).statistics for number in range(metadata.num_row_groups)]
        if name in STATISTICS and found and all(each is not None and each.has_min_max for each in found):
            low[name], high[name] = bound(min(each.min for each in found)), bound(max(each.max for each in found))
    return low, high


@dataclass(frozen=True)
class WriteTask:
    """A function for `mapInArrow`: writes the rows of a task, and returns its files as rows of `REPORTED`."""

    root: str
    table: Table
    run_id: str
    schema: pa.Schema = REPORTED

    def __call__(self, rows: Batches) -> Batches:
        """Writes all batches, then reports."""
        writer = TableWriter(self.root, self.table, self.run_id)
        try:
            for batch in rows:
                writer.write(batch)
            files = writer.close()
        except BaseException:
            writer.abort()
            raise
        yield reported((self.table.name, file) for file in files)
