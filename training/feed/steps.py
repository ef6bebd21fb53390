"""Which samples each rank and worker takes: arithmetic on the global order.

A step takes the next `batch` samples of the global order; rank r of R takes the r-th of R equal parts; worker w of W
takes every W-th step. So the order is the same for any number of ranks and workers, and one number, the samples that
are done, is the state of them all.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.feed.arguments import whole
from training.feed.errors import FeedMisuseError

Tail = Literal["drop", "pad"]
"""What happens to the last samples that do not fill a step: nobody gets them, or the step is filled with padding."""


@dataclass(frozen=True)
class Steps:
    """The steps of one rank.

    Args:
        start: samples that are done.
        length: samples that there are; None: without end.
        batch: samples of a step, over all ranks.
        rank: of `ranks`.
        ranks: R.
        tail: the rule for the last samples.
    """

    start: int
    length: int | None
    batch: int
    rank: int = 0
    ranks: int = 1
    tail: Tail = "drop"

    def __post_init__(self) -> None:
        whole("rank", self.rank)
        if self.batch < 1 or self.batch % self.ranks:
            raise FeedMisuseError(
                f"a step of {self.batch} samples cannot be shared by {self.ranks} ranks: make the global batch a "
                "multiple of the ranks, so that all ranks take as many"
            )
        if not 0 <= self.rank < self.ranks:
            raise FeedMisuseError(f"rank {self.rank} of {self.ranks}: ranks are numbered from 0")
        if self.tail not in ("drop", "pad"):
            raise FeedMisuseError(f"tail {self.tail!r}: say drop or pad")

    @property
    def steps(self) -> int | None:
        """How many steps there are, the same for all ranks; None: without end."""
        if self.length is None:
            return None
        left = max(0, self.length - self.start)
        return left // self.batch if self.tail == "drop" else -(-left // self.batch)

    @property
    def rank_batch(self) -> int:
        """Samples of a step that this rank takes."""
        return self.batch // self.ranks

    def first(self, step: int) -> int:
        """The first sample of a step, over all ranks."""
        return self.start + step * self.batch

    def positions(self, steps: np.ndarray) -> np.ndarray:
        """(k,) steps -> (k, rank_batch) samples that this rank takes; in the last step some may be past the end."""
        first = self.start + np.asarray(steps, np.int64) * self.batch + self.rank * self.rank_batch
        return first[:, None] + np.arange(self.rank_batch)
