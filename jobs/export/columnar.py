"""Parquet files, or files of Arrow's IPC format: what Hugging Face's `datasets`, Polars, DuckDB and pandas read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from jobs.export.counts import Counts
from jobs.export.destination import Destination
from jobs.export.errors import ExportError
from jobs.export.source import ID_COLUMNS, Source, encoded, lineage
from jobs.export.token_ids import as_lists
from pipelines.tables import WITHOUT_DICTIONARY

FILE_BYTES = 512 << 20
"""A file is ended once it has so many bytes."""

METADATA = b"tokenlake"
"""The key of schema metadata under which a file says what it was made of."""


@dataclass(frozen=True)
class Columns:
    """What files hold: some columns of the table, by default all; `as_lists` for programs that know no other types.

    As lists, token ids are lists of uint16 or uint32 in place of bytes, and maps are lists of structs {key, value}.
    """

    names: Sequence[str]
    as_lists: bool = False

    def of(self, batch: pa.RecordBatch, item: int) -> pa.RecordBatch:
        """The columns of a batch; ids have `item` bytes."""
        return pa.RecordBatch.from_arrays(
            [self._column(batch.column(name), name, item) for name in self.names], names=list(self.names)
        )

    def schema(self, source: Source) -> pa.Schema:
        """The schema of the files, whose metadata say where the rows come from."""
        empty = pa.RecordBatch.from_arrays(
            [pa.array([], source.schema.field(name).type) for name in self.names], names=list(self.names)
        )
        item = source.token_bytes if self.as_lists and source.id_columns else 2
        return self.of(empty, item).schema.with_metadata({METADATA: encoded(lineage(source))})

    def _column(self, column: pa.Array, name: str, item: int) -> pa.Array:
        if self.as_lists and name in ID_COLUMNS and pa.types.is_binary(column.type):
            return as_lists(column, item)
        if self.as_lists and pa.types.is_map(column.type):
            return _pairs(column)
        return column


def write_columnar(
    source: Source,
    to: Destination,
    split: str | None,
    folder: str,
    columns: Columns,
    kind: str,
    advance: Callable[[int], None],
    file_bytes: int = FILE_BYTES,
) -> Counts:
    """Writes the rows of a split, or of a whole table, into `folder` of the destination.

    Args:
        source: the table.
        to: where files are written.
        split: only its rows; None for all.
        folder: of the files, `00000.parquet` or `00000.arrow` and so on.
        columns: what they hold.
        kind: `parquet` or `arrow`.
        advance: is told how many rows were written.
        file_bytes: after which a file is ended.
    """
    schema = columns.schema(source)
    item = source.token_bytes if columns.as_lists and source.id_columns else 2
    counted = [*source.id_columns.values()]
    checked = source.checked if "ids" in columns.names else ()
    read = list(dict.fromkeys((*columns.names, *counted, *checked)))
    batches = source.batches(read, split)
    files: dict[str, int] = {}
    rows = tokens = 0
    batch = next(batches, None)
    while batch is not None or not files:
        name = f"{folder}/{len(files):05}.{kind}"
        with to.created(name) as stream, _writer(kind, stream, schema) as writer:
            while batch is not None:
                writer.write_batch(columns.of(batch, item).cast(schema))
                rows += len(batch)
                tokens += source.tokens(batch) or 0
                advance(len(batch))
                batch = next(batches, None)
                if stream.tell() >= file_bytes:
                    break
        files[name] = to.storage.size(name)
    return Counts(rows, tokens if counted else None, files)


def rows_of(stream: IO[bytes], kind: str) -> int:
    """The rows of a file that was written."""
    if kind == "parquet":
        return int(pq.ParquetFile(stream).metadata.num_rows)
    reader = ipc.open_file(stream)
    return sum(reader.get_batch(number).num_rows for number in range(reader.num_record_batches))


def require_rows(to: Destination, files: Sequence[str], kind: str, rows: int) -> None:
    """Requires that files, read again, have so many rows.

    Raises:
        ExportError: they have not.
    """
    found = 0
    for name in files:
        with to.storage.open(name) as stream:
            found += rows_of(stream, kind)
    if found != rows:
        raise ExportError(f"{to.uri}: {found:,} rows are in its files, and {rows:,} were written")


def _writer(kind: str, stream: IO[bytes], schema: pa.Schema) -> Any:
    if kind == "arrow":
        return ipc.new_file(stream, schema)
    dictionary = [name for name in schema.names if name not in WITHOUT_DICTIONARY]
    return pq.ParquetWriter(stream, schema, compression="zstd", use_dictionary=dictionary)


def _pairs(column: pa.MapArray) -> pa.ListArray:
    """A map as a list of structs {key, value}."""
    pairs = pa.StructArray.from_arrays([column.keys, column.items], names=["key", "value"])
    ends = pa.array([*column.offsets.to_pylist()], pa.int32())
    return pa.ListArray.from_arrays(ends, pairs, mask=column.is_null() if column.null_count else None)
