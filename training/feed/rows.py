"""Reads rows of a table of sequences by their numbers.

Ids of fixed width in plain pages are copied from where they lie (`parquet_rows`). Other rows are decoded, whole row
groups at a time, and so are the columns that say where documents end. What is decoded is kept as long as memory for it
lasts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import TokenlakeError
from pipelines.tables import SequenceFormat
from training.feed.decoded import MORE, RowGroup, columns_of, decode
from training.feed.errors import FeedError, FeedMisuseError
from training.feed.file_bytes import FileBytes, file_bytes
from training.feed.memory import Values, address_of, gather, gather_lists, spans, values_at
from training.feed.order import runs
from training.feed.parquet_rows import PREFIX, FileRows, column_ranges, file_rows, parsed
from training.feed.recent import Recent
from training.feed.table import SequenceTable

_DECODED_BYTES = 128 << 20
_FOOTER_BYTES = 256 << 20
_METADATA_BYTES = 128 << 20
_GROWTH = 15  # of a footer when pyarrow has parsed it
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True)
class RowDocuments:
    """Where the documents of n rows begin and end, P in all of them; lengths are copied when somebody wants them."""

    counts: np.ndarray  # (n,) documents of each row
    ends: np.ndarray  # (n + 1,) documents before each row
    first: np.ndarray  # (n,) address of the length of each row's first document

    @cached_property
    def lengths(self) -> np.ndarray:
        """(P,) int32 tokens of each document, or piece of one."""
        return gather_lists(self.first, self.counts, "<i4")

    def taken(self, places: np.ndarray) -> "RowDocuments":
        """(k,) places among the rows -> their documents."""
        counts = self.counts[places]
        return RowDocuments(counts, np.concatenate(([0], np.cumsum(counts))), self.first[places])


@dataclass(frozen=True)
class Rows:
    """n rows. Ids stay where they lie until a batch takes them."""

    columns: dict[str, np.ndarray]  # (n,) each
    sizes: np.ndarray | None  # (n,) ids of each row; None if the width is fixed
    _documents: RowDocuments | None  # None: they were not asked for
    _ids: Values  # of fixed width: rows; else: single ids
    _at: np.ndarray  # (n,) places of rows, or of first ids, in `_ids`
    _dtype: str
    _alive: object  # what the addresses point into

    def ids(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Ids of rows `start` to `stop`: (n, L) of fixed width; else (T,), one row after another."""
        at = self._at[start:stop]
        if self.sizes is None:
            return self._ids[at].view(self._dtype).reshape(len(at), self._ids.itemsize // int(self._dtype[2:]))
        return self._ids[spans(at, self.sizes[start:stop], self._ids.itemsize)]

    @property
    def doc_counts(self) -> np.ndarray:
        """(n,) documents of each row."""
        return self._known.counts

    @property
    def doc_lengths(self) -> np.ndarray:
        """(P,) int32 tokens of each document, or piece of one."""
        return self._known.lengths

    def documents(self, start: int, stop: int) -> np.ndarray:
        """(p,) tokens of each document in rows `start` to `stop`."""
        ends = self._known.ends
        return self._known.lengths[ends[start] : ends[stop]]

    @property
    def _known(self) -> RowDocuments:
        if self._documents is None:
            raise FeedMisuseError("this feed was opened with documents=False, and does not know where documents end")
        return self._documents

    def taken(self, places: np.ndarray) -> "Rows":
        """(k,) places among these rows -> the rows there, in that order."""
        return replace(
            self,
            columns={name: values[places] for name, values in self.columns.items()},
            sizes=None if self.sizes is None else self.sizes[places],
            _documents=self._documents and self._documents.taken(places),
            _at=self._at[places],
        )


@dataclass(frozen=True)
class Found:
    """k rows of one file: where in memory their values lie. Without documents, there is only `ids`."""

    ids: np.ndarray  # (k,) address of the first id
    doc_ends: np.ndarray  # (k,) address of two int32: where the row's documents begin and end in its row group
    doc_lengths: np.ndarray  # (k,) address of the row group's first document
    columns: dict[str, np.ndarray]  # (k,) addresses
    alive: list[object]  # what the addresses point into


class RowReader:
    """Reads rows of one table.

    Args:
        table: which.
        data: reads its files; by default mapped or fetched as the location wants.
        documents: whether rows know their documents, and other columns; else only ids are read.
    """

    def __init__(self, table: SequenceTable, data: FileBytes | None = None, documents: bool = True) -> None:
        self.table, self.documents = table, documents or not table.format.has_fixed_width
        self._data = data or file_bytes(table.location)
        self._width = table.format.length * table.format.id_bits // 8 if table.format.has_fixed_width else None
        self._layouts: Recent[FileRows] = Recent(_FOOTER_BYTES, lambda layout: layout.nbytes)
        self._metadata: Recent[Any] = Recent(_METADATA_BYTES, lambda metadata: _GROWTH * metadata.serialized_size)
        self._decoded: Recent[RowGroup] = Recent(_DECODED_BYTES, lambda found: found.nbytes)

    def find(self, numbers: np.ndarray) -> "tuple[list[Found], np.ndarray]":
        """(n,) row numbers, in any order -> where their values lie, file by file, and (n,) the place of each among
        those.

        Raises:
            FeedError: a file is gone, was changed, or holds something else than the format says.
        """
        order, groups = grouped(np.searchsorted(self.table.first, numbers, side="right") - 1)
        ordered = numbers[order]
        tasks = [(file, self._in_file(file, ordered[span])) for file, span in groups]
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return self._data.each(lambda task: self._guarded(*task), tasks), place

    def _in_file(self, file: int, numbers: np.ndarray) -> np.ndarray:
        """Numbers of rows -> rows of the file, those that do not belong to the feed counted too."""
        inside = numbers - self.table.first[file]
        bitmap = self.table.selected[file] if self.table.selected else None
        if bitmap is None:
            return inside
        return np.flatnonzero(np.unpackbits(np.frombuffer(bitmap, np.uint8)))[inside]

    def _guarded(self, file: int, rows: np.ndarray) -> Found:
        path = self.table.path(file)
        try:
            return self._of_file(file, path, int(self.table.sizes[file]), rows)
        except FileNotFoundError as error:
            raise FeedError(
                f"{path}: this file of version {self.table.version} is gone. If a vacuum deleted it, train on a newer "
                f"version, and pin versions that are in use: tokenlake pin {self.table.lake} {self.table.name} "
                f"{self.table.version} --for NAME"
            ) from error
        except TokenlakeError:
            raise
        except (OSError, ValueError, IndexError, KeyError, pa.ArrowException) as error:
            raise FeedError(f"{path}: cannot be read as a file of {self.table}: {error}") from error

    def _of_file(self, file: int, path: str, size: int, rows: np.ndarray) -> Found:
        """Where the rows of a file lie."""
        layout = self._layouts.get(file, lambda: self._layout(file, path, size))
        group = layout.row_groups(rows)
        ids, is_there, alive = self._addressed(path, size, layout, rows, group)
        in_group = rows - layout.first[group]
        missing = np.bincount(group, ~is_there, len(layout.ids_at)) > 0
        touched = np.bincount(group, minlength=len(layout.ids_at)) > 0 if self.documents else missing
        wanted = {number: bool(missing[number]) for number in np.flatnonzero(touched).tolist()}
        decoded = dict(zip(wanted, self._row_groups(file, path, size, layout, wanted), strict=True))
        for number in np.flatnonzero(missing).tolist():
            inside = group == number
            ids[inside] = decoded[number].ids_at(in_group[inside], path, self.table.format)
        if not self.documents:
            return Found(ids, _NONE, _NONE, {}, [alive, decoded])

        def addresses(of: Callable[[RowGroup], np.ndarray]) -> np.ndarray:
            begins = np.zeros(len(layout.ids_at), np.int64)
            begins[list(decoded)] = [address_of(of(held)) for held in decoded.values()]
            return begins[group]

        columns = {
            name: addresses(lambda held, name=name: held.columns[name]) + np.dtype(dtype).itemsize * in_group  # type: ignore[misc]
            for name, dtype in MORE[self.table.format.objective].items()
        }
        doc_ends = addresses(lambda held: held.doc_ends) + 4 * in_group
        return Found(ids, doc_ends, addresses(lambda held: held.doc_lengths), columns, [alive, decoded])

    def _layout(self, file: int, path: str, size: int) -> FileRows:
        footer = self._data.footer(path, size)
        metadata, logged = self._metadata.renew(file, lambda: parsed(footer)), int(self.table.counts[file])
        if self.table.selected is None and metadata.num_rows != logged:
            raise FeedError(
                f"{path}: has {metadata.num_rows:,} rows, Delta's log says {logged:,}; pack the table again"
            )
        return file_rows(footer, metadata, self._width)

    def _addressed(
        self, path: str, size: int, layout: FileRows, rows: np.ndarray, group: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, object]:
        """(k,) addresses of ids, (k,) whether they are right, and what they point into; other rows must be decoded.

        A row with another length before it than the width is not where the layout has it.
        """
        if self._width is None or (layout.ids_at[group] < 0).any():
            return np.zeros(len(rows), np.int64), np.zeros(len(rows), bool), None
        offsets = layout.offsets(rows, group, self._width) - PREFIX
        buffer, at = self._data.rows(path, size, offsets, self._width + PREFIX)
        addresses = address_of(buffer) + at
        return addresses + PREFIX, gather(addresses, "<u4") == self._width, buffer

    def _row_groups(
        self, file: int, path: str, size: int, layout: FileRows, wanted: Mapping[int, bool]
    ) -> list[RowGroup]:
        """Decoded row groups of a file, by number; `wanted` says whether with ids."""
        found = {number: self._decoded.find((file, number)) for number in wanted}
        absent = [
            number
            for number, with_ids in wanted.items()
            if (held := found[number]) is None or (with_ids and held.ids is None)
        ]
        if absent:
            metadata = self._metadata.get(file, lambda: parsed(layout.footer))
            ranges = [
                each
                for number in absent
                for each in column_ranges(metadata, number, columns_of(self.table.format, wanted[number]))
            ]
            opened = pq.ParquetFile(self._data.open(path, size, ranges), metadata=metadata)
            for number in absent:
                make = partial(decode, opened, number, path, self.table.format, wanted[number])
                found[number] = self._decoded.renew((file, number), make)
        return [held for held in found.values() if held is not None]


def read_rows(readers: Sequence[RowReader], table: np.ndarray, numbers: np.ndarray) -> Rows:
    """(n,) which reader and (n,) row numbers, in any order -> their rows in that order.

    All tables have one format.

    Raises:
        FeedError: as `RowReader.find`.
    """
    if not len(numbers):
        return _none(readers[0].table.format, readers[0].documents)
    if len(readers) == 1:
        found, place = readers[0].find(numbers)
        return _placed(found, place, readers[0].table.format, readers[0].documents)
    order, groups = grouped(table)
    found, parts, before = [], [], 0
    for number, span in groups:
        more, place = readers[number].find(numbers[order[span]])
        found += more
        parts.append(place + before)
        before += span.stop - span.start
    place = np.empty(len(order), np.int64)
    place[order] = np.concatenate(parts)
    return _placed(found, place, readers[0].table.format, readers[0].documents)


def grouped(values: np.ndarray) -> tuple[np.ndarray, list[tuple[int, slice]]]:
    """(n,) small integers -> (n,) an order in which equal ones lie together, and where each value lies in it."""
    if values.min() == values.max():
        return np.arange(len(values)), [(int(values[0]), slice(0, len(values)))]
    if values.max() < 1 << 16:
        values = values.astype(np.uint16)  # sorted by radix
    order = np.argsort(values, kind="stable")
    return order, list(runs(values[order].astype(np.int64)))


def _none(described: SequenceFormat, documents: bool) -> Rows:
    dtype, is_fixed = f"<u{described.id_bits // 8}", described.has_fixed_width
    columns = {name: np.empty(0, of_column) for name, of_column in MORE[described.objective].items()}
    ids = np.empty(0, f"V{described.length * described.id_bits // 8}" if is_fixed else dtype)
    held = RowDocuments(_NONE, np.zeros(1, np.int64), _NONE) if documents else None
    return Rows(columns if documents else {}, None if is_fixed else _NONE, held, ids, _NONE, dtype, ())


def _placed(found: list[Found], place: np.ndarray, described: SequenceFormat, documents: bool) -> Rows:
    """The rows in the order in which they were asked for: `place` (n,) of each among those found."""
    columns = {
        name: gather(_together([each.columns[name] for each in found])[place], dtype)
        for name, dtype in (MORE[described.objective] if documents else {}).items()
    }
    held = _documents(found, place) if documents else None
    at, dtype = _together([each.ids for each in found])[place], f"<u{described.id_bits // 8}"
    if described.has_fixed_width:
        sizes = None
        values, at = values_at(at, f"V{described.length * described.id_bits // 8}")
    else:
        assert held is not None
        sizes = np.add.reduceat(held.lengths, held.ends[:-1], dtype=np.int64)
        values, at = values_at(at, dtype, sizes)
    return Rows(columns, sizes, held, values, at, dtype, found)


def _documents(found: list[Found], place: np.ndarray) -> RowDocuments:
    ends = gather(_together([each.doc_ends for each in found])[place], "V8").view("<i4").reshape(-1, 2)
    counts = (ends[:, 1] - ends[:, 0]).astype(np.int64)
    first = _together([each.doc_lengths for each in found])[place] + 4 * ends[:, 0]
    return RowDocuments(counts, np.concatenate(([0], np.cumsum(counts))), first)


def _together(arrays: list[np.ndarray]) -> np.ndarray:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
