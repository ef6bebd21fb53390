"""Parquet: one document a row. A position is the row's number in the file.

A row group belongs to the split in which its first page starts. A row group that cannot be decoded is one reject, and
so is a file without a usable footer or text column.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.readers.encoding import decode_utf8
from pipelines.readers.meta import as_text, fields
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept, storable
from pipelines.readers.storage import open_source
from pipelines.readers.undecodable import EncodingError

_BATCH_BYTES = 8 << 20
# A file's type of text, which the program that wrote it chose -> the same as bytes.
_TEXTS = {
    pa.string(): pa.large_binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}
_BYTES = (pa.binary(), pa.large_binary(), pa.binary_view())
_FAILURES = (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError)


def read(split: Split, statistics: ReadStatistics) -> Records:
    """The rows of the row groups that start in the split.

    Raises:
        ReadError: the file cannot be opened.
    """
    with open_source(split.file, statistics) as source:
        try:
            file = pq.ParquetFile(source.stream)
            groups = list(_groups(file.metadata))
        except _FAILURES as error:
            yield from _file_reject(Reject(0, Reason.CORRUPT, _said(error), source.at(0, 256)), split, statistics)
            return
        columns = _columns(split)
        problem = _text_problem(file.schema_arrow, columns[0][1])
        if problem:
            yield from _file_reject(problem, split, statistics)
            return
        if file.metadata.num_rows == 0:
            yield from _file_reject(Reject(0, Reason.EMPTY, "no rows"), split, statistics)
        present = [(name, column) for name, column in columns if column in file.schema_arrow.names]
        for group, offset, first_row in groups:
            if split.start <= offset < split.end:
                yield from _group(file, group, first_row, present, split, statistics)


def _file_reject(reject: Reject, split: Split, statistics: ReadStatistics) -> Iterator[Reject]:
    """A reject of the whole file is reported once, by its first split."""
    if split.start == 0:
        statistics.rows += 1
        yield reject


def _groups(metadata: pq.FileMetaData) -> Iterator[tuple[int, int, int]]:
    """(number, offset of the first page, number of the first row) of each row group."""
    first_row = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunk = group.column(0)
        offsets = [chunk.data_page_offset]
        if chunk.has_dictionary_page and chunk.dictionary_page_offset:
            offsets.append(chunk.dictionary_page_offset)
        yield number, max(min(offsets), 0), first_row
        first_row += group.num_rows


def _columns(split: Split) -> list[tuple[str, str]]:
    """(name in `meta`, column in the file): the text first."""
    physical = dict(split.file.columns)
    wanted = [("", split.config.text_column), *fields(split.config)]
    return [(name, physical.get(column, column)) for name, column in wanted]


def _text_problem(schema: pa.Schema, column: str) -> Reject | None:
    if column not in schema.names:
        names = ", ".join(schema.names[:20])
        return Reject(0, Reason.MISSING_TEXT, f"no column {column!r}; columns: {names}")
    kind = schema.field(column).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if kind not in _TEXTS and kind not in _BYTES:
        return Reject(0, Reason.MISSING_TEXT, f"column {column!r} is of type {kind}, not string")
    return None


def _group(
    file: pq.ParquetFile,
    group: int,
    first_row: int,
    columns: list[tuple[str, str]],
    split: Split,
    statistics: ReadStatistics,
) -> Records:
    about = file.metadata.row_group(group)
    names = list(dict.fromkeys(column for _, column in columns))
    size = max(1, min(1000, _BATCH_BYTES * about.num_rows // max(about.total_byte_size, 1)))
    position = first_row
    try:
        _refuse_bomb(about, columns[0][1], split)
        for batch in file.iter_batches(batch_size=size, row_groups=[group], columns=names):
            values = {name: _plain(batch.column(name)) for name in names}
            statistics.bytes += batch.nbytes
            for row in range(batch.num_rows):
                statistics.rows += 1
                yield _document(position, [(name, values[column][row]) for name, column in columns], split)
                position += 1
    except _FAILURES as error:
        statistics.rows += 1
        detail = f"row group {group}, rows {position} to {first_row + about.num_rows - 1}: {_said(error)}"
        bomb = isinstance(error, _BombError)
        yield Reject(position, Reason.DECOMPRESSION_BOMB if bomb else Reason.CORRUPT, detail)


class _BombError(ValueError):
    pass


def _refuse_bomb(group: pq.RowGroupMetaData, column: str, split: Split) -> None:
    chunks = [group.column(number) for number in range(group.num_columns)]
    text = next((chunk for chunk in chunks if chunk.path_in_schema == column), None)
    if text is None:
        raise ValueError(f"the row group has no column {column!r}")
    expanded, stored = text.total_uncompressed_size, max(text.total_compressed_size, 1)
    limits = split.config
    if expanded > limits.max_decompressed_bytes and expanded > limits.max_decompression_ratio * stored:
        raise _BombError(f"column {column!r} expands from {stored:,} to {expanded:,} bytes")


def _plain(column: pa.Array) -> list[Any]:
    """Values as Python objects; text as bytes, which may be no UTF-8."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type in _TEXTS:
        return column.cast(_TEXTS[column.type]).to_pylist()
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.string())
    return column.to_pylist()


def _document(position: int, values: list[tuple[str, Any]], split: Split) -> Document | Reject:
    data = values[0][1]
    if data is None:
        return Reject(position, Reason.MISSING_TEXT, f"column {split.config.text_column!r} is null")
    if len(data) > split.config.max_document_bytes:
        detail = f"longer than {split.config.max_document_bytes:,} bytes"
        return Reject(position, Reason.OVERSIZED, detail, data[:256])
    try:
        text = decode_utf8(data, split.config.encoding, split.config.undecodable)
    except EncodingError as error:
        return Reject(position, Reason.ENCODING, str(error), data[:256])
    meta = {name: as_text(_text(value)) for name, value in values[1:]}
    meta |= dict(_partition(split))
    known = {name: value for name, value in meta.items() if value is not None}
    return accept(position, text.text, known | text.meta(), data)


def _partition(split: Split) -> list[tuple[str, str]]:
    """Values of wanted columns that a partitioned table keeps in its log, not in its files."""
    known = dict(split.file.partition)
    return [(name, known[column]) for name, column in fields(split.config) if column in known]


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _said(error: BaseException) -> str:
    return storable(str(error).splitlines()[0] if str(error) else type(error).__name__)[:500]
