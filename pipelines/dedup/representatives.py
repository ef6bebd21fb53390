"""The representatives of one component and the exact search for the first similar one, as compiled kernels.

A few representatives are compared one by one. Many are found through an inverted index: with Jaccard similarity t a
representative shares at least ceil(t |x|) of a member's |x| shingles, hence one of any |x| - ceil(t |x|) + 1 of them,
and the rarest are looked up. So texts that share only a page template are excluded cheaply. Where that
does not exclude a representative, two histograms of the hashes bound what can be shared before the sets are merged.

Source: prefix filtering, Chaudhuri, Ganti and Kaushik 2006 (doi:10.1109/ICDE.2006.9), with the rarest as prefix.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.kernels.arrays import Hashes, Integers

Histograms: TypeAlias = npt.NDArray[np.uint16]

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_FREE = -1
_SMALLEST_INDEX = 1024
_BINS = 512
_LARGEST_COUNT = np.iinfo(np.uint16).max


class Representatives(NamedTuple):
    """R representatives with their shingles end to end; arrays are longer than the counts say."""

    size: int  # R
    indexed: int  # number of representatives in the index, the first ones
    shingles: Hashes
    offsets: Integers  # representative r: shingles[offsets[r]:offsets[r + 1]]
    rows: Integers  # (R,) the caller's name for each
    histograms: Histograms  # (R, _BINS) of each one's shingles; all zero for a set too large to count
    links: Integers  # for each shingle: position of the previous equal value, or _FREE
    keys: Hashes  # open-addressed index, a power of two of slots: value
    heads: Integers  # per slot: last place of the value, or _FREE
    postings: Integers  # per slot: how many representatives hold it


@njit(cache=True)
def none() -> Representatives:
    """No representatives yet."""
    return Representatives(
        0,
        0,
        np.empty(0, np.uint64),
        np.zeros(1, np.int64),
        np.empty(0, np.int64),
        np.empty((0, _BINS), np.uint16),
        np.empty(0, np.int64),
        np.empty(0, np.uint64),
        np.empty(0, np.int64),
        np.empty(0, np.int64),
    )


@njit(cache=True)
def emptied(known: Representatives) -> Representatives:
    """No representatives: keeps the arrays, drops the index."""
    offsets, free = known.offsets, none()
    offsets[0] = 0
    return Representatives(
        0,
        0,
        known.shingles,
        offsets,
        known.rows,
        known.histograms,
        known.links,
        free.keys,
        free.heads,
        free.postings,
    )


@njit(cache=True)
def appended(known: Representatives, shingles: Hashes, row: int) -> Representatives:
    """`known` and one more; `shingles` ascending and distinct."""
    begin = known.offsets[known.size]
    end = begin + len(shingles)
    values, links = known.shingles, known.links
    if end > len(values):
        values, links = _roomier(values, end), _roomier(links, end)
    offsets, rows, histograms = known.offsets, known.rows, known.histograms
    if known.size + 2 > len(offsets):
        offsets, rows = _roomier(offsets, known.size + 2), _roomier(rows, known.size + 2)
        histograms = _roomier(histograms, known.size + 2)
    values[begin:end] = shingles
    offsets[known.size + 1] = end
    rows[known.size] = row
    histograms[known.size] = _histogram(shingles)
    return Representatives(
        known.size + 1,
        known.indexed,
        values,
        offsets,
        rows,
        histograms,
        links,
        known.keys,
        known.heads,
        known.postings,
    )


@njit(cache=True)
def indexed(known: Representatives) -> Representatives:
    """`known` with all representatives in the index, which is never more than half full."""
    values, links, offsets = known.shingles, known.links, known.offsets
    keys, heads, postings = known.keys, known.heads, known.postings
    begin, end = offsets[known.indexed], offsets[known.size]
    if 2 * end > len(keys):
        size = _SMALLEST_INDEX
        while size < 4 * end:
            size *= 2
        keys, heads, postings = np.empty(size, np.uint64), np.full(size, _FREE), np.zeros(size, np.int64)
        begin = 0
    for place in range(begin, end):
        slot = _slot(keys, heads, values[place])
        keys[slot] = values[place]
        links[place] = heads[slot]
        heads[slot] = place
        postings[slot] += 1
    return Representatives(
        known.size,
        known.size,
        values,
        offsets,
        known.rows,
        known.histograms,
        links,
        keys,
        heads,
        postings,
    )


@njit(cache=True)
def first_similar(known: Representatives, shingles: Hashes, threshold: float) -> tuple[int, float]:
    """The first representative of Jaccard similarity >= threshold -> (number, similarity), or (-1, 0.0)."""
    if known.indexed == known.size and known.size > 0:
        candidates = _candidates(known, shingles, threshold)
    else:
        candidates = np.arange(known.size)
    sketch = _histogram(shingles)
    for representative in candidates:
        other = known.shingles[known.offsets[representative] : known.offsets[representative + 1]]
        bound = _shared_at_most(sketch, known.histograms[representative], len(shingles), len(other))
        if bound < _needed(threshold, len(shingles) + len(other)):
            continue
        similarity = jaccard(shingles, other, threshold)
        if similarity >= threshold:
            return representative, similarity
    return -1, 0.0


@njit(cache=True)
def jaccard(left: Hashes, right: Hashes, least: float) -> float:
    """Jaccard similarity of two ascending sets; 0 as soon as it is certain to be below `least`."""
    total = len(left) + len(right)
    if total == 0 or min(len(left), len(right)) < least * max(len(left), len(right)):
        return 0.0
    needed = _needed(least, total)
    spare_left, spare_right = len(left) - needed, len(right) - needed
    i = j = 0
    while i < len(left) and j < len(right):
        a, b = left[i], right[j]
        i += a <= b
        j += b <= a
        if a != b:
            spare_left -= a < b
            spare_right -= b < a
            if spare_left < 0 or spare_right < 0:
                return 0.0
    shared = i - (len(left) - needed - spare_left)
    return shared / (total - shared)


@njit(cache=True)
def _needed(threshold: float, total: int) -> int:
    """Shared items for similarity t of sets of |x| + |y| = total: s >= t (total - s) <=> s >= t / (1 + t) total."""
    return int(np.ceil(threshold / (1 + threshold) * total - 1e-6))


@njit(cache=True)
def _histogram(shingles: Hashes) -> Histograms:
    """How many hashes end in each value of their last bits, (_BINS,)."""
    counts = np.zeros(_BINS, np.uint16)
    if len(shingles) <= _LARGEST_COUNT:
        for shingle in shingles:
            counts[np.int64(shingle % np.uint64(_BINS))] += np.uint16(1)
    return counts


@njit(cache=True)
def _shared_at_most(left: Histograms, right: Histograms, left_size: int, right_size: int) -> int:
    """Bound on the intersection of two sets by their histograms."""
    if max(left_size, right_size) > _LARGEST_COUNT:
        return min(left_size, right_size)
    shared = np.uint32(0)
    for i in range(_BINS):
        shared += np.uint32(min(left[i], right[i]))
    return int(shared)


@njit(cache=True)
def _candidates(known: Representatives, shingles: Hashes, threshold: float) -> Integers:
    """Ascending numbers of all representatives that can be similar; all when the index excludes too few."""
    slots = np.empty(len(shingles), np.int64)
    rarity = np.empty(len(shingles), np.int64)
    for i in range(len(shingles)):
        slots[i] = _slot(known.keys, known.heads, shingles[i])
        rarity[i] = known.postings[slots[i]]
    prefix = len(shingles) - int(np.ceil(threshold * len(shingles) - 1e-6)) + 1
    rarest = np.argsort(rarity)[:prefix]
    if np.sum(rarity[rarest]) >= known.size:
        return np.arange(known.size)
    found = np.empty(np.sum(rarity[rarest]), np.int64)
    size = 0
    for i in rarest:
        place = known.heads[slots[i]]
        while place != _FREE:
            found[size] = np.searchsorted(known.offsets[: known.size + 1], place, side="right") - 1
            size += 1
            place = known.links[place]
    return np.unique(found)


@njit(cache=True)
def _slot(keys: Hashes, heads: Integers, value: np.uint64) -> int:
    """Where `value` is or would go, by linear probing."""
    mask = np.uint64(len(keys) - 1)
    spread = value * _SPREAD
    slot = (spread ^ (spread >> np.uint64(32))) & mask
    while heads[slot] != _FREE and keys[slot] != value:
        slot = (slot + np.uint64(1)) & mask
    return int(slot)


@njit(cache=True)
def _roomier(array: npt.NDArray, least: int) -> npt.NDArray:
    """A copy with room for at least `least` items, twice as large as before."""
    copy = np.empty((max(least, 2 * len(array)), *array.shape[1:]), array.dtype)
    copy[: len(array)] = array
    return copy
