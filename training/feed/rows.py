"""Rows of a table of sequences, found in memory: what batches are cut from."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pipelines.tables import SequenceFormat
from training.feed.decoded import MORE
from training.feed.errors import FeedMisuseError
from training.feed.memory import Values, gather, gather_lists, spans, values_at

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


def no_rows(described: SequenceFormat, documents: bool) -> Rows:
    """None of a table."""
    dtype, is_fixed = f"<u{described.id_bits // 8}", described.has_fixed_width
    columns = {name: np.empty(0, of_column) for name, of_column in MORE[described.objective].items()}
    ids = np.empty(0, f"V{described.length * described.id_bits // 8}" if is_fixed else dtype)
    held = RowDocuments(_NONE, np.zeros(1, np.int64), _NONE) if documents else None
    return Rows(columns if documents else {}, None if is_fixed else _NONE, held, ids, _NONE, dtype, ())


def placed(found: list[Found], place: np.ndarray, described: SequenceFormat, documents: bool) -> Rows:
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
