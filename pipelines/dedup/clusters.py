"""Splits components of candidate pairs into clusters, whose members are similar to the survivor itself, not only to a
neighbour in a chain.

Members come in the declared total order. The first is a representative; each later one joins the first
representative whose Jaccard similarity (of distinct shingles) reaches the threshold, or becomes a representative.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.dedup import representatives
from pipelines.dedup.minhash import Ragged
from pipelines.dedup.representatives import Representatives
from pipelines.kernels.arrays import Hashes, Integers, Truths

Similarities: TypeAlias = npt.NDArray[np.float64]

# From this many representatives on, an index is faster than comparing each.
INDEX_FROM = 32


@dataclass(frozen=True, slots=True)
class Assignment:
    """The representatives of a batch of M members."""

    representatives: list[str]  # (M,) id of each member's representative, its own when it is one
    similarity: Similarities  # (M,) Jaccard with it


class GreedyClusters:
    """Assigns members to representatives.

    Components come one after the other, each in total order; a batch may end anywhere.

    Keeps only the representatives of the current component: members that join one take no memory.
    """

    def __init__(self, threshold: float, index_from: int = INDEX_FROM) -> None:
        self._threshold = threshold
        self._index_from = index_from
        self._component: str | None = None
        self._ids: list[str] = []  # of the current component's representatives
        self._known = representatives.none()

    def assign(self, components: Sequence[str], ids: Sequence[str], settled: Truths, shingles: Ragged) -> Assignment:
        """Returns the representative of each of M members; a `settled` member is always a representative."""
        if not len(ids):
            return Assignment([], np.empty(0))
        starts = np.array([a != b for a, b in zip([self._component, *components], components, strict=False)], np.bool_)
        rows, similarity, self._known = _assign(
            shingles.values, shingles.offsets, starts, settled, self._threshold, self._index_from, self._known
        )
        # Negative rows are representatives of earlier batches: -1 is the first.
        assigned = [ids[row] if row >= 0 else self._ids[-1 - row] for row in rows.tolist()]
        at_hand = self._known.rows[: self._known.size]
        self._ids = [ids[row] if row >= 0 else self._ids[-1 - row] for row in at_hand.tolist()]
        at_hand[:] = -1 - np.arange(len(at_hand))
        self._component = components[-1]
        return Assignment(assigned, similarity)


@njit(cache=True)
def _assign(
    values: Hashes,
    offsets: Integers,
    starts: Truths,
    settled: Truths,
    threshold: float,
    index_from: int,
    known: Representatives,
) -> tuple[Integers, Similarities, Representatives]:
    """Each member's representative as a row of this batch (negative: earlier), its similarity, the representatives."""
    rows = np.empty(len(starts), np.int64)
    similarity = np.ones(len(starts))
    for member in range(len(starts)):
        if starts[member]:
            known = representatives.emptied(known)
        shingles = values[offsets[member] : offsets[member + 1]]
        chosen = -1
        if not settled[member]:
            chosen, found = representatives.first_similar(known, shingles, threshold)
        if chosen >= 0:
            rows[member], similarity[member] = known.rows[chosen], found
            continue
        rows[member] = member
        known = representatives.appended(known, shingles, member)
        if known.size >= index_from:
            known = representatives.indexed(known)
    return rows, similarity, known
