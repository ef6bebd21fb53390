"""A row group's columns as contiguous arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.tables import SequenceFormat
from training.feed.errors import FeedError
from training.feed.memory import address_of

LANGUAGE = "|S24"
"""A language's code, in UTF-8."""

MORE: Mapping[str, Mapping[str, str]] = {
    "causal": {},
    "masked": {"is_next": "|u1"},
    "translation": {"source_language": LANGUAGE, "target_language": LANGUAGE},
}
"""objective -> columns that batches hold besides ids and documents, and their numpy types."""


@dataclass(frozen=True)
class RowGroup:
    """R rows; `ids` and `id_ends` only where they had to be decoded."""

    doc_lengths: np.ndarray  # (P,) int32
    doc_ends: np.ndarray  # (R + 1,) int32: documents of row r are doc_ends[r]:doc_ends[r + 1]
    columns: dict[str, np.ndarray]  # (R,) each
    ids: np.ndarray | None = None  # (B,) uint8, all rows one after another
    id_ends: np.ndarray | None = None  # (R + 1,) int64 bytes

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.doc_lengths, self.doc_ends, self.ids, self.id_ends, *self.columns.values())
        return sum(each.nbytes for each in arrays if each is not None)

    def ids_at(self, rows: np.ndarray, path: str, described: SequenceFormat) -> np.ndarray:
        """(k,) rows -> the addresses of their ids.

        Raises:
            FeedError: a row has more or fewer ids than the format says.
        """
        assert self.ids is not None
        assert self.id_ends is not None
        starts = self.id_ends[rows]
        if described.has_fixed_width:
            sizes = (self.id_ends[rows + 1] - starts) // (described.id_bits // 8)
            wrong = np.flatnonzero(sizes != described.length)
            if len(wrong):
                raise FeedError(f"{path}: a row has {sizes[wrong[0]]:,} ids, the table's have {described.length:,}")
        return address_of(self.ids) + starts


def columns_of(described: SequenceFormat, with_ids: bool) -> list[str]:
    """Names of the columns that are decoded."""
    return ["doc_lengths", *MORE[described.objective], *(["ids"] if with_ids else [])]


def decode(opened: Any, number: int, path: str, described: SequenceFormat, with_ids: bool) -> RowGroup:
    """Decodes a row group of an open pyarrow ParquetFile.

    Raises:
        FeedError: a column is missing, too short or has a null, or rows are not what the format says.
    """
    more = MORE[described.objective]
    wanted = columns_of(described, with_ids)
    absent = [name for name in wanted if name not in opened.schema_arrow.names]
    if absent:
        raise FeedError(f"{path}: has no column {absent[0]}; pack the table again")
    found = opened.read_row_group(number, columns=wanted, use_threads=False)
    there = opened.metadata.row_group(number).num_rows
    if any(len(found[name]) != there for name in wanted):
        raise FeedError(f"{path}: row group {number} has fewer rows than its footer says; restore it from a backup")
    null = [name for name in wanted if found[name].null_count]
    if null:
        raise FeedError(f"{path}: column {null[0]} has a null in row group {number}; pack the table again")
    lists = _one(found["doc_lengths"])
    columns = {
        name: _texts(_one(found[name]), dtype, path) if dtype[1] == "S" else _numbers(_one(found[name]), dtype)
        for name, dtype in more.items()
    }
    ids, id_ends = _bytes(_one(found["ids"])) if with_ids else (None, None)
    doc_ends, doc_lengths = _numbers(lists.offsets, "<i4"), _numbers(lists.values, "<i4")
    _require_sums(path, described, doc_lengths, doc_ends, id_ends)
    return RowGroup(doc_lengths, doc_ends, columns, ids, id_ends)


def _require_sums(
    path: str, described: SequenceFormat, lengths: np.ndarray, ends: np.ndarray, id_ends: np.ndarray | None
) -> None:
    total = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    tokens = total[ends[1:]] - total[ends[:-1]]
    if len(lengths) and lengths.min() < 0:
        raise FeedError(f"{path}: doc_lengths of a row hold {lengths.min():,}")
    if (tokens > described.length).any():
        raise FeedError(f"{path}: doc_lengths of a row add up to {tokens.max():,}, rows have {described.length:,} ids")
    if not described.has_fixed_width and id_ends is not None:
        sizes = np.diff(id_ends) // (described.id_bits // 8)
        if (sizes != tokens).any():
            raise FeedError(f"{path}: a row has {sizes[sizes != tokens][0]:,} ids, its doc_lengths say otherwise")


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _numbers(column: pa.Array, dtype: str) -> np.ndarray:
    """(n,) numbers of a column without nulls. (`to_numpy` would import pandas, slower than a first batch.)"""
    numbers = pc.cast(column, pa.uint8()) if pa.types.is_boolean(column.type) else column
    held = f"{np.dtype(dtype).kind}{numbers.type.bit_width // 8}"
    return np.frombuffer(numbers.buffers()[1] or b"", held)[numbers.offset :][: len(numbers)].astype(dtype, copy=False)


def _texts(column: pa.Array, dtype: str, path: str) -> np.ndarray:
    """(n,) short texts of which there are few different ones."""
    known = column.dictionary_encode()
    texts = [text.encode() for text in known.dictionary.to_pylist()]
    long = [text for text in texts if len(text) > np.dtype(dtype).itemsize]
    if long:
        raise FeedError(f"{path}: {long[0].decode()!r} is no code of a language: {len(long[0])} bytes")
    return np.array(texts, dtype)[_numbers(known.indices, "<i4")]


def _bytes(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """(B,) bytes of all values and (R + 1,) where each begins."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    return np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8), ends
