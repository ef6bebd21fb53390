"""A batch as numpy arrays: ids as they lie in the table, and where documents begin and end."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipelines.tables import SequenceFormat


@dataclass(slots=True)
class Batch:
    """B rows of L ids that one rank takes in one step, P documents in all of them.

    Rows that only fill up the last step (`tail="pad"`) have no documents, and ids that are padding.
    """

    ids: np.ndarray  # (B, L) uint16 or uint32
    doc_lengths: np.ndarray  # (P,) int32 tokens of each document
    doc_counts: np.ndarray  # (B,) documents of each row
    source: np.ndarray  # (B,) number of the source; -1: only fills up
    epoch: np.ndarray  # (B,) of the source
    row: np.ndarray  # (B,) of the table
    step: int  # from 0 at the start of this feed
    samples: int  # that are done after this step, over all ranks: what a state counts
    columns: dict[str, np.ndarray] = field(default_factory=dict)  # (B,) each, as the objective has them

    @property
    def tokens(self) -> int:
        """Tokens that are no padding."""
        return int(self.doc_lengths.sum())

    def filled(self, size: int, described: "SequenceFormat") -> "Batch":
        """With rows of padding up to `size`."""
        missing = size - len(self.row)
        ids = np.full((missing, described.length), described.pad_id, self.ids.dtype)
        none = np.full(missing, -1)
        return replace(
            self,
            ids=np.concatenate((self.ids.reshape(-1, described.length), ids)),
            doc_counts=np.concatenate((self.doc_counts, np.zeros(missing, np.int64))),
            source=np.concatenate((self.source, none)),
            epoch=np.concatenate((self.epoch, none)),
            row=np.concatenate((self.row, none)),
            columns={
                name: np.concatenate((values, np.zeros(missing, values.dtype)))
                for name, values in self.columns.items()
            },
        )

    def cu_seqlens(self) -> np.ndarray:
        """(Q + 1,) int32: where segments begin in the B * L ids, as attention with variable lengths takes them.

        A segment is a document, or the padding at the end of a row.
        """
        lengths, _ = self.segments()
        return np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)

    def segments(self) -> tuple[np.ndarray, np.ndarray]:
        """(Q,) lengths of documents and of the padding behind those of each row, and (Q,) whether it is padding."""
        rows, length = self.ids.shape
        ends = np.cumsum(self.doc_counts)
        total = np.concatenate(([0], np.cumsum(self.doc_lengths, dtype=np.int64)))
        padding = length - (total[ends] - total[ends - self.doc_counts])  # (B,)
        lengths = np.insert(self.doc_lengths, ends, padding)
        is_padding = np.insert(np.zeros(len(self.doc_lengths), bool), ends, np.ones(rows, bool))
        is_there = lengths > 0
        return lengths[is_there], is_padding[is_there]

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
