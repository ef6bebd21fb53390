"""Parquet: one document a row. A position is the row's number in the file.

A row group belongs to the split in which its first page starts. A row group that cannot be decoded is one reject, and
so is a file without a usable footer, without the text column, or with two columns of a name that the source uses.
"""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import TokenlakeError
from pipelines.readers.encoding import decode_utf8
from pipelines.readers.meta import fields
from pipelines.readers.parquet_columns import Column, ColumnError, as_bytes, as_texts, column
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept, storable
from pipelines.readers.storage import open_source
from pipelines.readers.undecodable import EncodingError

_BATCH_BYTES = 8 << 20
_FAILURES = (pa.ArrowException, OSError, ValueError, OverflowError)


def read(split: Split, statistics: ReadStatistics) -> Records:
    """The rows of the row groups that start in the split.

    Raises:
        ReadError: the file cannot be opened.
    """
    with open_source(split.file, statistics) as source:
        try:
            file = pq.ParquetFile(source.stream)
            groups = list(_groups(file.metadata))
            text, meta = _columns(split, file.schema_arrow)
        except ColumnError as error:
            yield from _file_reject(Reject(0, error.reason, str(error)), split, statistics)
            return
        except MemoryError as error:
            yield from _file_reject(Reject(0, Reason.UNREADABLE, _said(error)), split, statistics)
            return
        except _FAILURES as error:
            yield from _file_reject(Reject(0, Reason.CORRUPT, _said(error), source.at(0, 256)), split, statistics)
            return
        if file.metadata.num_rows == 0:
            yield from _file_reject(Reject(0, Reason.EMPTY, "no rows"), split, statistics)
        for group, offset, first_row in groups:
            if split.start <= offset < split.end:
                yield from _group(file, group, first_row, text, meta, split, statistics)


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


def _columns(split: Split, schema: pa.Schema) -> tuple[Column, list[tuple[str, Column]]]:
    """The text, and (name in `meta`, column) of all other wanted columns that the file has.

    Raises:
        ColumnError: the text is not there, or a name is not clear.
    """
    physical = dict(split.file.columns)
    text = column(schema, physical.get(split.config.text_column, split.config.text_column))
    if text is None:
        names = ", ".join(schema.names[:20])
        raise ColumnError(Reason.MISSING_TEXT, f"no column {split.config.text_column!r}; columns: {names}")
    if not text.is_text:
        raise ColumnError(Reason.MISSING_TEXT, f"column {text.name!r} is of type {text.kind}, not string")
    wanted = [(name, column(schema, physical.get(known, known))) for name, known in fields(split.config)]
    return text, [(name, found) for name, found in wanted if found is not None]


def _group(
    file: pq.ParquetFile,
    group: int,
    first_row: int,
    text: Column,
    meta: list[tuple[str, Column]],
    split: Split,
    statistics: ReadStatistics,
) -> Records:
    about = file.metadata.row_group(group)
    names = list(dict.fromkeys(wanted.name for wanted in (text, *(found for _, found in meta))))
    size = max(1, min(1000, _BATCH_BYTES * about.num_rows // max(about.total_byte_size, 1)))
    position = first_row
    try:
        _refuse_bomb(about, text, split)
        for batch in file.iter_batches(batch_size=size, row_groups=[group], columns=names):
            texts = as_bytes(text.of(batch))
            values = {name: as_texts(found.of(batch)) for name, found in meta}
            statistics.bytes += batch.nbytes
            for row, data in enumerate(texts):
                statistics.rows += 1
                yield _document(position, data, {name: values[name][row] for name in values}, split)
                position += 1
    except (*_FAILURES, MemoryError) as error:
        statistics.rows += 1
        detail = f"row group {group}, rows {position} to {first_row + about.num_rows - 1}: {_said(error)}"
        yield Reject(position, _reason(error), detail)


class _BombError(TokenlakeError, ValueError):
    pass


def _reason(error: BaseException) -> Reason:
    if isinstance(error, _BombError):
        return Reason.DECOMPRESSION_BOMB
    # a damaged length asks for any amount of memory, but so does a good file on a machine that is short of it
    return Reason.UNREADABLE if isinstance(error, MemoryError) else Reason.CORRUPT


def _refuse_bomb(group: pq.RowGroupMetaData, text: Column, split: Split) -> None:
    chunks = [group.column(number) for number in range(group.num_columns)]
    chunk = next((chunk for chunk in chunks if chunk.path_in_schema == text.name), None)
    if chunk is None:
        raise ValueError(f"the row group has no column {text.name!r}")
    expanded, stored = chunk.total_uncompressed_size, max(chunk.total_compressed_size, 1)
    limits = split.config
    if expanded > limits.max_decompressed_bytes and expanded > limits.max_decompression_ratio * stored:
        raise _BombError(f"column {text.name!r} expands from {stored:,} to {expanded:,} bytes")


def _document(position: int, data: bytes | None, meta: dict[str, str | None], split: Split) -> Document | Reject:
    if data is None:
        return Reject(position, Reason.MISSING_TEXT, f"column {split.config.text_column!r} is null")
    if len(data) > split.config.max_document_bytes:
        detail = f"longer than {split.config.max_document_bytes:,} bytes"
        return Reject(position, Reason.OVERSIZED, detail, data[:256])
    try:
        text = decode_utf8(data, split.config.encoding, split.config.undecodable)
    except EncodingError as error:
        return Reject(position, Reason.ENCODING, str(error), data[:256])
    known = {name: value for name, value in meta.items() if value is not None}
    return accept(position, text.text, known | text.meta(), data)


def _said(error: BaseException) -> str:
    return storable(str(error).splitlines()[0] if str(error) else type(error).__name__)[:500]
