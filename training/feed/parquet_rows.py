"""Where the ids of each row lie in a Parquet file, from its footer alone.

In an uncompressed plain page a binary value is four bytes of length (little-endian) and the value, and the values are
the last bytes of the page (Apache Parquet Format, "Data Pages" and "Encodings"). Where a row group's ids are one such
page, and each has the same width, row r of n thus begins at `end of the column chunk - (n - r) * (4 + width) + 4`. The
project writes tables of sequences this way; files that another program wrote are decoded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PREFIX = 4
"""Bytes of a value's length, before it."""

_HEADER = 128
"""The most bytes of a page's header and levels; more of them cannot be one page."""


@dataclass(frozen=True)
class FileRows:
    """G row groups of a file.

    `ids_at` is where the ids of each row group's first row begin, or -1 where rows must be decoded. The footer is kept
    as it is in the file: what pyarrow makes of it takes fifteen times as much memory.
    """

    first: np.ndarray  # (G + 1,) number of each row group's first row in the file; the last is the number of rows
    ids_at: np.ndarray  # (G,) byte offsets
    footer: bytes

    @property
    def nbytes(self) -> int:
        """Bytes of all."""
        return self.first.nbytes + self.ids_at.nbytes + len(self.footer)

    def row_groups(self, rows: np.ndarray) -> np.ndarray:
        """(n,) rows of the file -> (n,) row group of each."""
        return np.searchsorted(self.first, rows, side="right") - 1

    def offsets(self, rows: np.ndarray, row_groups: np.ndarray, width: int) -> np.ndarray:
        """(k,) rows of the file and their row groups -> (k,) byte offset of each row's ids, in plain pages."""
        return self.ids_at[row_groups] + (rows - self.first[row_groups]) * (PREFIX + width)


def parsed(footer: bytes) -> Any:
    """pyarrow's FileMetaData of a footer.

    Raises:
        pyarrow.ArrowException: it is damaged.
    """
    return pq.read_metadata(pa.BufferReader(b"PAR1" + footer))


def file_rows(footer: bytes, metadata: Any, width: int | None) -> FileRows:
    """The row groups of a file.

    Args:
        footer: of the file.
        metadata: the same, parsed.
        width: bytes of a row's ids; None where rows differ.

    Raises:
        KeyError: the file has no column `ids`.
    """
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    column = _column(metadata, "ids")
    counts = [group.num_rows for group in groups]
    at = [-1 if width is None else _first_ids(group.column(column), group.num_rows, width) for group in groups]
    first = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
    return FileRows(first.astype(np.int64), np.array(at, np.int64), footer)


def column_ranges(metadata: Any, row_group: int, columns: Sequence[str]) -> list[tuple[int, int]]:
    """(start, stop) of the bytes of some columns of a row group, those that there are."""
    group = metadata.row_group(row_group)
    chunks = [group.column(number) for number in range(group.num_columns)]
    return [
        (start, start + chunk.total_compressed_size)
        for chunk in chunks
        if chunk.path_in_schema.partition(".")[0] in columns
        for start in [chunk.dictionary_page_offset or chunk.data_page_offset]
    ]


def _column(metadata: Any, name: str) -> int:
    for number in range(metadata.num_columns):
        if metadata.schema.column(number).path.partition(".")[0] == name:
            return number
    raise KeyError(name)


def _first_ids(chunk: Any, rows: int, width: int) -> int:
    """Where the ids of a row group's first row begin if all are one plain page; else -1."""
    values = rows * (PREFIX + width)
    is_plain = set(chunk.encodings) <= {"PLAIN", "RLE"} and not chunk.has_dictionary_page
    if chunk.compression != "UNCOMPRESSED" or not is_plain or not 0 < chunk.total_compressed_size - values <= _HEADER:
        return -1
    return int(chunk.data_page_offset + chunk.total_compressed_size - values + PREFIX)
