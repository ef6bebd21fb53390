"""Packs documents into sequences of fixed length: decides which part of a document goes into which sequence.

Lengths include the separator. D documents, P pieces, S sequences, L tokens per sequence.

`concat_and_chunk` leaves no padding but in the last sequence, and cuts a document wherever a sequence ends.
`best_fit` cuts a document only where it is longer than a sequence, as best-fit decreasing does (Johnson 1974; for
language models Ding et al. 2024, "Fewer Truncations Improve Language Modeling"), at the cost of a little padding.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit


@dataclass(frozen=True)
class Pieces:
    """P pieces in the order of (sequence, offset); all arrays (P,) int64.

    Piece p is tokens `start[p]:stop[p]` of document `document[p]`, at `offset[p]` in row `sequence[p]`.
    """

    document: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    sequence: np.ndarray
    offset: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """(P,) tokens of each piece."""
        return self.stop - self.start

    @property
    def sequences(self) -> int:
        """S: rows used."""
        return int(self.sequence[-1]) + 1 if len(self.sequence) else 0

    def moved(self, starts: np.ndarray) -> "Pieces":
        """The same pieces of documents of which what was packed begins at token `starts`, (D,)."""
        by = starts[self.document]
        return Pieces(self.document, self.start + by, self.stop + by, self.sequence, self.offset)

    def bounds(self) -> np.ndarray:
        """(S + 1,): the pieces of row s are `bounds[s]:bounds[s + 1]`."""
        return np.searchsorted(self.sequence, np.arange(self.sequences + 1))


def concat_and_chunk(lengths: np.ndarray, length: int) -> Pieces:
    """One stream of all documents, in order, cut every `length` tokens.

    Args:
        lengths: (D,) tokens of each document, each at least 1.
        length: L.
    """
    ends = np.cumsum(lengths, dtype=np.int64)  # (D,) in the stream
    total = int(ends[-1]) if len(ends) else 0
    # (P,) a piece begins where a document or a sequence does
    begin = np.union1d(ends - lengths, np.arange(0, total, length, dtype=np.int64))
    end = np.append(begin[1:], total)[: len(begin)]
    document = np.searchsorted(ends, begin, side="right")
    origin = (ends - lengths)[document]
    return Pieces(document, begin - origin, end - origin, begin // length, begin % length)


def best_fit(lengths: np.ndarray, length: int) -> Pieces:
    """Full sequences from documents longer than `length`; what remains, longest first, into the fullest row that fits.

    Of equally long remainders the earlier document goes first; of equally full rows the one that became so last. Time
    O(D log D + D log L), memory O(D + L).

    Args:
        lengths: (D,) tokens of each document, each at least 1.
        length: L.
    """
    lengths = np.asarray(lengths, np.int64)
    full = lengths // length  # (D,) rows that each document fills alone
    full_document = np.repeat(np.arange(len(lengths)), full)  # (F,)
    full_start = (np.arange(len(full_document)) - np.repeat(np.cumsum(full) - full, full)) * length
    rest = np.flatnonzero(lengths % length)  # (R,) documents with a remainder
    rest = rest[np.argsort(-(lengths[rest] % length), kind="stable")]
    size = lengths[rest] % length
    row, offset = _fit(size, length)
    order = np.lexsort((offset, row))
    rest_start = (full * length)[rest]
    return Pieces(
        np.concatenate((full_document, rest[order])),
        np.concatenate((full_start, rest_start[order])),
        np.concatenate((full_start + length, (rest_start + size)[order])),
        np.concatenate((np.arange(len(full_document)), len(full_document) + row[order])),
        np.concatenate((np.zeros(len(full_document), np.int64), offset[order])),
    )


@njit(cache=True)
def _fit(sizes: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Best fit of (R,) sizes in the given order; (R,) row and offset of each.

    Rows with the same free space form a stack. A binary tree over the free spaces 0..L knows which stacks hold a row,
    so the smallest sufficient space is found in O(log L).
    """
    leaves = 1
    while leaves < length + 1:
        leaves *= 2
    occupied = np.zeros(2 * leaves, np.bool_)  # node n has children 2n, 2n + 1; leaf of space s: leaves + s
    top = np.full(length + 1, -1, np.int64)  # last row of each stack
    below = np.full(len(sizes), -1, np.int64)
    row = np.empty(len(sizes), np.int64)
    offset = np.empty(len(sizes), np.int64)
    rows = 0
    for item in range(len(sizes)):
        space = _smallest_space(occupied, leaves, sizes[item])
        if space < 0:
            space, chosen = length, rows
            rows += 1
        else:
            chosen = top[space]
            top[space] = below[chosen]
            if top[space] < 0:
                _mark(occupied, leaves + space, False)
        row[item] = chosen
        offset[item] = length - space
        left = space - sizes[item]
        below[chosen] = top[left]
        top[left] = chosen
        _mark(occupied, leaves + left, True)
    return row, offset


@njit(cache=True)
def _smallest_space(occupied: np.ndarray, leaves: int, size: int) -> int:
    """The smallest occupied space of at least `size`, or -1."""
    node = leaves + size
    if occupied[node]:
        return size
    while node & 1 or not occupied[node + 1]:  # climb until an occupied node lies to the right
        node >>= 1
        if node <= 1:
            return -1
    node += 1
    while node < leaves:
        node *= 2
        if not occupied[node]:
            node += 1
    return node - leaves


@njit(cache=True)
def _mark(occupied: np.ndarray, leaf: int, value: bool) -> None:
    node = leaf
    occupied[node] = value
    while node > 1:
        node >>= 1
        occupied[node] = occupied[2 * node] or occupied[2 * node + 1]
