"""Which sentences are the two segments of each row (Devlin et al. 2019, "BERT", section 3.1 and appendix A.2).

A row takes as many of a document's next sentences as fit. Its first segment A is some of these, any number with equal
chance. Its second segment B is the others, or, with the chance `random_next`, sentences of another document; then what
follows A begins the next row, so each sentence is in one A or one true B.

What differs from the published program:

* No sentence is truncated: `MaskedConfig.longest_sentence` lets any two share a row.
* Where one sentence of a document is left, its B comes from elsewhere; for that, a later row of the language that drew
  another document has its own sentences instead. So the chance holds over all rows.
* A `short_rows` draw counts for one row, not for one document.
* Another document begins with its second sentence or later, where it has two: no true B begins a document.

All draws are hashes of a document's key and a place in it. Shapes: D documents, S sentences, R rows.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Hashes, Integers, Truths
from pipelines.kernels.hashing import mix

ALONE, RANDOM, NEXT = -1, 0, 1
"""What the second segment of a row is: none, because the shard has no other document; another document; the next."""


@dataclass(frozen=True)
class Documents:
    """The documents of a shard, in the order in which they fill rows."""

    offsets: Integers  # (D + 1,) document d has the sentences offsets[d]:offsets[d + 1]; each has one at least
    lengths: Integers  # (S,) tokens of each sentence, between 1 and half of a row's room
    keys: Hashes  # (D,) of the draws
    languages: Integers  # (D,) 0, 1, ...
    groups: Integers  # (D,) of near duplicates


@dataclass(frozen=True)
class Segments:
    """Segment s of row r is the sentences `first[r, s]:stop[r, s]` of `document[r, s]`."""

    document: Integers  # (R, 2)
    first: Integers  # (R, 2)
    stop: Integers  # (R, 2)
    second: Integers  # (R,) ALONE, RANDOM or NEXT; where ALONE, the second segment is empty

    def __len__(self) -> int:
        return len(self.second)


def fill(documents: Documents, room: int, short_rows: float, random_next: float) -> Segments:
    """The rows of a shard, document by document.

    Args:
        documents: of one split.
        room: tokens of both segments of a row, at most.
        short_rows: share of rows that aim at any number of tokens from 2 to `room`.
        random_next: share of rows whose B comes from another document.
    """
    by_language = np.argsort(documents.languages, kind="stable")
    counts = np.bincount(documents.languages)
    bounds = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    several = np.array([_several(documents.groups[by_language[a:b]]) for a, b in pairwise(bounds.tolist())])
    rows = _fill(
        documents.offsets, documents.lengths, documents.keys, documents.languages, documents.groups, by_language,
        bounds, several.astype(np.bool_), _several(documents.groups), room, _threshold(short_rows),
        _threshold(random_next),
    )  # fmt: skip
    table = rows.reshape(-1, 7)
    return Segments(table[:, 0:6:3], table[:, 1:6:3], table[:, 2:6:3], table[:, 6])


def _several(groups: Integers) -> bool:
    return bool(len(groups)) and bool((groups != groups[0]).any())


def _threshold(share: float) -> np.uint64:
    """The bound below which a share of all draws lies, in 53 bits."""
    return np.uint64(round(share * (1 << 53)))


_SHORT, _TARGET, _COIN, _END, _START, _OTHER = range(1, 7)  # purposes of draws; those behind _OTHER are attempts
_PROBES = 32


@njit(cache=True)
def _draw(base: np.uint64, purpose: int) -> np.uint64:
    """A hash for one purpose of a row: SplitMix64, at its step `purpose`."""
    return mix(base + np.uint64(purpose) * np.uint64(0x9E3779B97F4A7C15))


@njit(cache=True)
def _below(drawn: np.uint64, bound: int) -> np.int64:
    """A number in [0, bound)."""
    return np.int64(drawn % np.uint64(bound))


@njit(cache=True)
def _happens(drawn: np.uint64, threshold: np.uint64) -> bool:
    return bool((drawn >> np.uint64(11)) < threshold)


@njit(cache=True)
def _fill(
    offsets: Integers,
    lengths: Integers,
    keys: Hashes,
    languages: Integers,
    groups: Integers,
    by_language: Integers,
    bounds: Integers,
    several: Truths,
    any_several: bool,
    room: int,
    short: np.uint64,
    elsewhere: np.uint64,
) -> Integers:
    """Rows of (document, first, stop) of A and of B, and of the kind of B: (R * 7,)."""
    rows = np.empty(7 * len(lengths), np.int64)
    count = 0
    owed = np.zeros(len(bounds) - 1, np.int64)  # true continuations that rows of a language could not have
    everything = np.arange(len(keys))
    for d in range(len(keys)):
        language, place, end = languages[d], offsets[d], offsets[d + 1]
        while place < end:
            base = mix(keys[d] ^ mix(np.uint64(place - offsets[d])))
            target = room
            if _happens(_draw(base, _SHORT), short):
                target = 2 + _below(_draw(base, _TARGET), room - 1)
            stop, total = place, 0
            while stop < end and (
                total + lengths[stop] <= target or (stop < place + 2 and total + lengths[stop] <= room)
            ):
                total += lengths[stop]
                stop += 1
            lone = stop - place == 1
            wanted = _happens(_draw(base, _COIN), elsewhere)
            if lone and not wanted:
                owed[language] += 1
            elif wanted and not lone and owed[language] > 0:
                owed[language] -= 1
                wanted = False
            middle = place + 1
            if not lone:
                middle += _below(_draw(base, _END), stop - place - 1)
            other, first, last, kind = d, middle, stop, NEXT
            if (lone or wanted) and several[language]:
                other = _other(base, groups, groups[d], by_language, bounds[language], bounds[language + 1])
            elif (lone or wanted) and any_several:
                other = _other(base, groups, groups[d], everything, 0, len(keys))
            if other != d:
                first, last, middle = _elsewhere(base, offsets, lengths, other, place, middle, target, room)
                kind, stop = RANDOM, middle
            elif lone:
                kind = ALONE
            rows[count : count + 7] = (d, place, middle, other, first, last, kind)
            count += 7
            place = stop
    return rows[:count].copy()


@njit(cache=True)
def _other(base: np.uint64, groups: Integers, own: int, candidates: Integers, begin: int, end: int) -> int:
    """One of candidates[begin:end] of another group than `own`; there is one."""
    drawn = np.int64(0)
    for probe in range(_PROBES):
        drawn = _below(_draw(base, _OTHER + probe), end - begin)
        if groups[candidates[begin + drawn]] != own:
            break
    while groups[candidates[begin + drawn]] == own:
        drawn = (drawn + 1) % (end - begin)
    return candidates[begin + drawn]


@njit(cache=True)
def _elsewhere(
    base: np.uint64,
    offsets: Integers,
    lengths: Integers,
    other: int,
    place: int,
    middle: int,
    target: int,
    room: int,
) -> tuple[int, int, int]:
    """First and stop of B in another document, and the stop of A, which gives up sentences until B's first fits."""
    begin, end = offsets[other], offsets[other + 1]
    first = begin
    if end - begin > 1:
        first += 1 + _below(_draw(base, _START), end - begin - 1)
    total = lengths[first]
    for sentence in range(place, middle):
        total += lengths[sentence]
    while total > room:
        middle -= 1
        total -= lengths[middle]
    last = first + 1
    while last < end and total + lengths[last] <= target:
        total += lengths[last]
        last += 1
    return first, last, middle
