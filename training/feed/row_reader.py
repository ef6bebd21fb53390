"""Reads rows of a table of sequences by their numbers.

Ids of fixed width in plain pages are copied from where they lie (`parquet_rows`). Other rows are decoded, whole row
groups at a time, and so are the columns that say where documents end. What is decoded is kept as long as memory for it
lasts.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import TokenlakeError
from training.feed.decoded import MORE, RowGroup, columns_of, decode
from training.feed.errors import FeedError
from training.feed.file_bytes import FileBytes, file_bytes
from training.feed.memory import address_of, gather
from training.feed.order import runs
from training.feed.parquet_rows import PREFIX, FileRows, column_ranges, file_rows, parsed
from training.feed.recent import Recent
from training.feed.rows import Found, Rows, no_rows, placed
from training.feed.table import SequenceTable

_DECODED_BYTES = 128 << 20
_FOOTER_BYTES = 256 << 20
_METADATA_BYTES = 128 << 20
_GROWTH = 15  # of a footer when pyarrow has parsed it
_NONE = np.empty(0, np.int64)


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
        return no_rows(readers[0].table.format, readers[0].documents)
    if len(readers) == 1:
        found, place = readers[0].find(numbers)
        return placed(found, place, readers[0].table.format, readers[0].documents)
    order, groups = grouped(table)
    found, parts, before = [], [], 0
    for number, span in groups:
        more, place = readers[number].find(numbers[order[span]])
        found += more
        parts.append(place + before)
        before += span.stop - span.start
    place = np.empty(len(order), np.int64)
    place[order] = np.concatenate(parts)
    return placed(found, place, readers[0].table.format, readers[0].documents)


def grouped(values: np.ndarray) -> tuple[np.ndarray, list[tuple[int, slice]]]:
    """(n,) small integers -> (n,) an order in which equal ones lie together, and where each value lies in it."""
    if values.min() == values.max():
        return np.arange(len(values)), [(int(values[0]), slice(0, len(values)))]
    if values.max() < 1 << 16:
        values = values.astype(np.uint16)  # sorted by radix
    order = np.argsort(values, kind="stable")
    return order, list(runs(values[order].astype(np.int64)))
