"""A batch as numpy arrays: ids as they lie in the table, and where documents begin and end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from training.feed.samples import Places

if TYPE_CHECKING:
    from pipelines.tables import SequenceFormat


class Documents(Protocol):
    """What batches ask of the rows that they are cut from."""

    @property
    def doc_counts(self) -> np.ndarray:
        """(n,) documents of each row."""

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """(n,) each, as the objective has them."""

    def documents(self, start: int, stop: int) -> np.ndarray:
        """(p,) tokens of each document in rows `start` to `stop`."""


@dataclass
class _Held:
    """The documents of the rows of one batch."""

    doc_lengths: np.ndarray
    doc_counts: np.ndarray
    columns: dict[str, np.ndarray]

    def documents(self, start: int, stop: int) -> np.ndarray:
        return self.doc_lengths


class Batch:
    """B rows of L ids that one rank takes in one step, P documents in all of them.

    Rows that only fill up the last step (`tail="pad"`) have no documents, and ids that are padding.

    Args:
        ids: (B, L) uint16 or uint32.
        step: from 0 at the start of the feed.
        samples: that are done after this step, over all ranks: what a state counts.
        rows: from which the batch is cut. What else a batch says is read from there when somebody asks.
        places: of these rows.
        start: the batch's first row among them.
        stop: the row after its last.
    """

    __slots__ = ("_places", "_rows", "_start", "_stop", "ids", "samples", "step")

    def __init__(
        self, ids: np.ndarray, step: int, samples: int, rows: Documents, places: Places, start: int, stop: int
    ) -> None:
        self.ids, self.step, self.samples = ids, step, samples
        self._rows, self._places, self._start, self._stop = rows, places, start, stop

    @staticmethod
    def of(
        ids: np.ndarray,
        doc_lengths: np.ndarray,
        doc_counts: np.ndarray,
        source: np.ndarray,
        epoch: np.ndarray,
        row: np.ndarray,
        step: int,
        samples: int,
        columns: Mapping[str, np.ndarray] | None = None,
    ) -> "Batch":
        """A batch of these arrays."""
        held = _Held(doc_lengths, doc_counts, dict(columns or {}))
        return Batch(ids, step, samples, held, Places(source, np.zeros_like(source), epoch, row), 0, len(ids))

    def __reduce__(self) -> tuple[Any, ...]:
        return Batch.of, (
            self.ids, self.doc_lengths, self.doc_counts, self.source, self.epoch, self.row, self.step, self.samples,
            self.columns,
        )  # fmt: skip

    @property
    def doc_lengths(self) -> np.ndarray:
        """(P,) int32 tokens of each document."""
        return self._rows.documents(self._start, self._stop)

    @property
    def doc_counts(self) -> np.ndarray:
        """(B,) documents of each row."""
        return self._rows.doc_counts[self._start : self._stop]

    @property
    def source(self) -> np.ndarray:
        """(B,) number of the source; -1: only fills up."""
        return self._places.source[self._start : self._stop]

    @property
    def epoch(self) -> np.ndarray:
        """(B,) of the source."""
        return self._places.epoch[self._start : self._stop]

    @property
    def row(self) -> np.ndarray:
        """(B,) of the table."""
        return self._places.row[self._start : self._stop]

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """(B,) each, as the objective has them."""
        return {name: values[self._start : self._stop] for name, values in self._rows.columns.items()}

    @property
    def tokens(self) -> int:
        """Tokens that are no padding."""
        return int(self.doc_lengths.sum())

    def filled(self, size: int, described: "SequenceFormat") -> "Batch":
        """With rows of padding up to `size`."""
        missing = size - len(self.row)
        ids = np.full((missing, described.length), described.pad_id, self.ids.dtype)
        none = np.full(missing, -1)
        return Batch.of(
            np.concatenate((self.ids.reshape(-1, described.length), ids)),
            self.doc_lengths,
            np.concatenate((self.doc_counts, np.zeros(missing, np.int64))),
            np.concatenate((self.source, none)),
            np.concatenate((self.epoch, none)),
            np.concatenate((self.row, none)),
            self.step,
            self.samples,
            {name: np.concatenate((held, np.zeros(missing, held.dtype))) for name, held in self.columns.items()},
        )

    def cu_seqlens(self) -> np.ndarray:
        """(Q + 1,) int32: where segments begin in the B * L ids, as attention with variable lengths takes them.

        A segment is a document, or the padding at the end of a row.
        """
        lengths, _ = self.segments()
        starts = np.zeros(len(lengths) + 1, np.int32)
        np.cumsum(lengths, out=starts[1:])
        return starts

    def segments(self) -> tuple[np.ndarray, np.ndarray]:
        """(Q,) lengths of documents and of the padding behind those of each row, and (Q,) whether it is padding."""
        rows, length = self.ids.shape
        counts, documents = self.doc_counts, self.doc_lengths
        ends = np.cumsum(counts)
        total = np.zeros(len(documents) + 1, np.int64)
        np.cumsum(documents, out=total[1:])
        is_padding = np.zeros(len(documents) + rows, bool)  # each row's documents, and then its padding
        is_padding[ends + np.arange(rows)] = True
        lengths = np.empty(len(is_padding), np.int64)
        lengths[is_padding] = length - (total[ends] - total[ends - counts])
        lengths[~is_padding] = documents
        is_there = lengths > 0
        return (lengths, is_padding) if is_there.all() else (lengths[is_there], is_padding[is_there])

    def positions(self) -> np.ndarray:
        """(B, L) int32: the place of each id in its document, from 0 in each."""
        lengths, _ = self.segments()
        starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        return (np.arange(self.ids.size) - starts).astype(np.int32).reshape(self.ids.shape)

    def documents(self) -> np.ndarray:
        """(B, L) int32: the number of each id's document in its row, from 0; -1 for padding."""
        lengths, is_padding = self.segments()
        number = np.arange(len(self.doc_lengths)) - np.repeat(
            np.cumsum(self.doc_counts) - self.doc_counts, self.doc_counts
        )
        of_segment = np.full(len(lengths), -1)
        of_segment[~is_padding] = number
        return np.repeat(of_segment, lengths).astype(np.int32).reshape(self.ids.shape)
