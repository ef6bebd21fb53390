"""Pairs of sides into batches by a budget of tokens: a pure function of lengths, budget and key.

The pairs of a window of the order are sorted by length, cut into batches that fit the budget, and the batches are
shuffled by a keyed permutation. Padding is rows times the longest source and rows times the longest target, so what
is sorted together must be alike on both sides: pairs go by their longer side, and among equals by the difference of
the sides, up and down in turns, so that neighbours are alike also where the longer side grows. Equal pairs stay in
the order of the window, which another epoch shuffles anew.

n pairs, b batches.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.feed.arguments import whole
from training.feed.errors import FeedMisuseError
from training.feed.order import permutation

BUCKETS = 1
"""Version of this function. It grows when the same arguments give other batches; a state names it."""


@dataclass(frozen=True)
class Budget:
    """What a batch may hold.

    Args:
        tokens: rows times the longest source, and rows times the longest target, together at most.
        multiple: what the longest sides are rounded up to before they are counted, and padded to.
    """

    tokens: int
    multiple: int = 1

    def __post_init__(self) -> None:
        whole("tokens", self.tokens)
        whole("multiple", self.multiple)
        if self.tokens < 1 or self.multiple < 1:
            raise FeedMisuseError(f"tokens {self.tokens}, multiple {self.multiple}: both start at 1")

    def rounded(self, lengths: np.ndarray) -> np.ndarray:
        """(n,) tokens of sides -> (n,) what they take where they are the longest of a batch."""
        return -(-lengths // self.multiple) * self.multiple

    def most(self, side: int) -> int:
        """Tokens of the largest pair that sides of up to `side` tokens allow."""
        return 2 * int(self.rounded(np.array([side]))[0])


@dataclass(frozen=True)
class Taken:
    """What was taken of a window: the first `batches` of those that a budget makes of the pairs that were left."""

    budget: Budget
    batches: int


@dataclass(frozen=True)
class Batches:
    """Batches of a window: batch k has the pairs `pairs[ends[k]:ends[k + 1]]`."""

    pairs: np.ndarray  # (n,) places in the window
    ends: np.ndarray  # (b + 1,)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def batch(self, number: int) -> np.ndarray:
        """Places in the window of the pairs of one batch."""
        return self.pairs[self.ends[number] : self.ends[number + 1]]


def batches(sides: np.ndarray, budget: Budget, key: bytes, taken: Sequence[Taken] = ()) -> Batches:
    """The batches of a window, or what is left of it.

    Args:
        sides: (n, 2) tokens of source and target of the window's pairs, in its order.
        budget: of a batch.
        key: 64 bytes: of the window.
        taken: what was taken before, each part with its own budget; where the last one's is `budget`, its batches go
            on, else new ones are made of the pairs that are left.

    Raises:
        FeedMisuseError: a pair alone is over the budget, or fewer batches exist than were taken.
    """
    left = np.arange(len(sides))
    for part in taken:
        made = _all(sides, left, part.budget, key)
        if part.batches > len(made):
            raise FeedMisuseError(
                f"the state has taken {part.batches:,} batches of a window that has {len(made):,}: it is of other rows"
            )
        rest = Batches(made.pairs[made.ends[part.batches] :], made.ends[part.batches :] - made.ends[part.batches])
        if part is taken[-1] and part.budget == budget:
            return rest
        left = np.sort(rest.pairs)
    return _all(sides, left, budget, key)


def _all(sides: np.ndarray, left: np.ndarray, budget: Budget, key: bytes) -> Batches:
    """All batches of the pairs `left`, in the order in which they are taken."""
    sizes = budget.rounded(sides[left])
    order = in_buckets(sizes)
    ends = cut(sizes[order], budget.tokens)
    shuffle = permutation(len(ends) - 1, key)
    counts = np.diff(ends)[shuffle]
    starts = ends[:-1][shuffle]
    new_ends = np.concatenate(([0], np.cumsum(counts)))
    places = np.repeat(starts - new_ends[:-1], counts) + np.arange(len(left))
    return Batches(left[order[places]], new_ends)


def in_buckets(sizes: np.ndarray) -> np.ndarray:
    """(n, 2) sizes of sides -> (n,) the order in which neighbours are alike; equal pairs keep theirs."""
    longer, difference = sizes.max(1), sizes[:, 0] - sizes[:, 1]
    rank = np.searchsorted(np.unique(longer), longer)  # so that ups and downs alternate also where lengths are missing
    order: np.ndarray = np.lexsort((np.where(rank % 2, difference, -difference), longer))
    return order


def cut(sizes: np.ndarray, tokens: int) -> np.ndarray:
    """(n, 2) sizes in their order -> (b + 1,) ends of batches, each with as many pairs as fit.

    Raises:
        FeedMisuseError: a pair alone does not.
    """
    ends = [0]
    while ends[-1] < len(sizes):
        first = sizes[ends[-1]]
        most = tokens // int(first.sum())  # pairs, if no later one is longer
        if not most:
            raise FeedMisuseError(f"a pair of {first[0]:,} + {first[1]:,} tokens is over the budget of {tokens:,}")
        longest = np.maximum.accumulate(sizes[ends[-1] : ends[-1] + most]).sum(1)
        total = longest * np.arange(1, len(longest) + 1)
        ends.append(ends[-1] + int(np.searchsorted(total, tokens, side="right")))
    return np.array(ends)
