"""A batch of sentence pairs as numpy arrays."""

from dataclasses import dataclass

import numpy as np

from training.feed.buckets import Budget, Taken


@dataclass(frozen=True)
class Place:
    """Where a job is: the first sample of the window in progress, and what was taken of it."""

    window: int
    taken: tuple[Taken, ...] = ()


@dataclass(frozen=True)
class TranslationBatch:
    """B pairs that one rank takes in one step; none where the batch only fills up the last step (`tail="pad"`).

    A side ends with the separator, which its length counts.
    """

    ids: np.ndarray  # (T,) uint16 or uint32: source and target of each pair, one after another, without padding
    source_lengths: np.ndarray  # (B,) int64
    target_lengths: np.ndarray  # (B,) int64
    source_languages: np.ndarray  # (B,) bytes, such as b"en"
    target_languages: np.ndarray  # (B,)
    source: np.ndarray  # (B,) number of the source of a mixture
    epoch: np.ndarray  # (B,) of the source
    row: np.ndarray  # (B,) of the table
    pad_id: int
    budget: Budget
    step: int  # from 0 at the start of this feed
    place: Place  # of the job after this step

    @property
    def pairs(self) -> int:
        """B."""
        return len(self.row)

    @property
    def tokens(self) -> int:
        """Tokens that are no padding, separators included."""
        return len(self.ids)

    @property
    def padded(self) -> int:
        """Tokens with padding: at most the budget."""
        return self.pairs * sum(self.longest)

    @property
    def longest(self) -> tuple[int, int]:
        """S and T: what sources and targets are padded to."""
        sides = (self.source_lengths, self.target_lengths)
        source, target = (int(self.budget.rounded(lengths.max(initial=0))) for lengths in sides)
        return source, target

    def sources(self) -> np.ndarray:
        """(B, S) ids of the sources, with padding."""
        return self._side(0)

    def targets(self) -> np.ndarray:
        """(B, T) ids of the targets, with padding."""
        return self._side(1)

    def _side(self, side: int) -> np.ndarray:
        lengths = (self.source_lengths, self.target_lengths)[side]
        whole = self.source_lengths + self.target_lengths
        starts = np.cumsum(whole) - whole + side * self.source_lengths
        place = np.arange(self.longest[side])
        is_there = place < lengths[:, None]
        made = np.full(is_there.shape, self.pad_id, self.ids.dtype)
        made[is_there] = self.ids[(starts[:, None] + place)[is_there]]
        return made
