"""Where the ids of each row lie in a Parquet file, from its footer alone.

In an uncompressed plain page a binary value is four bytes of length (little-endian) and the value, and the values are
the last bytes of the page (Apache Parquet Format, "Data Pages" and "Encodings"). Where a row group's ids are one such
page, and each has the same width, row r of n thus begins at `end of the column chunk - (n - r) * (4 + width) + 4`. The
project writes tables of sequences this way; files that another program wrote are decoded.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

PREFIX = 4
"""Bytes of a value's length, before it."""

_HEADER = 128
"""The most bytes of a page's header and levels; more of them cannot be one page."""


@dataclass(frozen=True)
class FileRows:
    """G row groups of a file.

    `ids_at` is where the ids of each row group's first row begin, or -1 where rows must be decoded.
    """

    first: np.ndarray  # (G + 1,) number of each row group's first row in the file; the last is the number of rows
    ids_at: np.ndarray  # (G,) byte offsets
    metadata: Any  # pyarrow's FileMetaData

    def row_groups(self, rows: np.ndarray) -> np.ndarray:
        """(n,) rows of the file -> (n,) row group of each."""
        return np.searchsorted(self.first, rows, side="right") - 1

    def offsets(self, rows: np.ndarray, row_groups: np.ndarray, width: int) -> np.ndarray:
        """(k,) rows of the file and their row groups -> (k,) byte offset of each row's ids, in plain pages."""
        return self.ids_at[row_groups] + (rows - self.first[row_groups]) * (PREFIX + width)


def file_rows(metadata: Any, width: int | None) -> FileRows:
    """The row groups of a file.

    Args:
        metadata: pyarrow's FileMetaData.
        width: bytes of a row's ids; None where rows differ.

    Raises:
        KeyError: the file has no column `ids`.
    """
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    column = _column(metadata, "ids")
    counts = [group.num_rows for group in groups]
    at = [-1 if width is None else _first_ids(group.column(column), group.num_rows, width) for group in groups]
    first = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
    return FileRows(first.astype(np.int64), np.array(at, np.int64), metadata)


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
