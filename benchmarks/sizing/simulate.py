"""What near duplicates do at sizes that cannot be run here, from the distributions of real corpora.

Two ways in which a corpus grows bound what happens. *The same sites grow*: each document of the large corpus is like
one of the small corpus, so a group of duplicates grows with the corpus. *New sites come*: groups stay as large as they
are, there are more of them, and the largest is the extreme value of a distribution with a heavy tail.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.sizing.buckets import Histogram, rounds


def thinned(sizes: Histogram, share: float) -> dict[int, float]:
    """Expected histogram when each member stays with probability `share`: a group of k keeps Binomial(k, share)."""
    found: dict[int, float] = {}
    for size, count in sizes.items():
        for left, probability in enumerate(_binomial(size, share)):
            if left and probability > 1e-12:
                found[left] = found.get(left, 0.0) + count * probability
    return found


def _binomial(size: int, share: float) -> Sequence[float]:
    """Probabilities of 0 … size."""
    if share >= 1:
        return [0.0] * size + [1.0]
    number = np.arange(size + 1)
    logs = np.array([math.lgamma(size + 1) - math.lgamma(k + 1) - math.lgamma(size - k + 1) for k in range(size + 1)])
    found: list[float] = np.exp(logs + number * math.log(share) + (size - number) * math.log1p(-share)).tolist()
    return found


def members(sizes: Mapping[int, float], least: int = 2) -> float:
    """Members of all groups of at least a size."""
    return sum(size * count for size, count in sizes.items() if size >= least)


def pairs(sizes: Mapping[int, float]) -> float:
    """Pairs within groups: what comparing each with each would take."""
    return sum(count * size * (size - 1) / 2 for size, count in sizes.items())


def links(sizes: Mapping[int, float]) -> float:
    """Pairs of neighbours within groups: what is made of them here."""
    return sum(count * (size - 1) for size, count in sizes.items())


def tail_index(sizes: Histogram, least: int) -> float:
    """Alpha of P(size >= k) ~ k^-alpha for groups of at least `least` (Hill's estimator for whole numbers).

    Raises:
        ValueError: fewer than ten groups are so large.
    """
    large = {size: count for size, count in sizes.items() if size >= least}
    groups = sum(large.values())
    if groups < 10:
        raise ValueError(f"{groups} groups have {least} members or more, ten are needed")
    return groups / sum(count * math.log(size / (least - 0.5)) for size, count in large.items())


@dataclass(frozen=True)
class Largest:
    """The largest group at a size of corpus, in members."""

    same_sites: float
    new_sites: float


def largest(sizes: Histogram, factor: float, least: int = 5) -> Largest:
    """The largest group of a corpus `factor` times as large."""
    now = max(sizes)
    return Largest(now * factor, now * factor ** (1 / max(1.0, tail_index(sizes, least))))


def growth(corpus: Sequence[float], values: Sequence[float]) -> float:
    """The exponent e of value ~ corpus^e: the slope of the line through the logarithms."""
    xs, ys = np.log(np.asarray(corpus)), np.log(np.asarray(values))
    return float(np.polyfit(xs, ys, 1)[0])


def rounds_of_chain(length: int, seed: int = 0) -> int:
    """Rounds of distributed components on a chain of documents whose names are in random order: the longest way that
    neighbours in buckets can be strung together."""
    names = np.random.default_rng(seed).permutation(length)
    return rounds(names[:-1], names[1:])
