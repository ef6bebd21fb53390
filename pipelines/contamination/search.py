"""Where texts have n-grams of benchmarks.

Shapes: D documents, W words, M words of texts at which an n-gram of a benchmark begins, O overlaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.contamination.index import Lookup, may_hold, n_gram_key, number_of, power_of, prefixes
from pipelines.contamination.words import placed_words, word_hashes
from pipelines.kernels.arrays import Ids, Integers
from pipelines.kernels.batch import TextBatch

_CANDIDATES = 64  # items tried for the longest overlap at one place; more have an n-gram in common that tells little


@dataclass(frozen=True, slots=True)
class Overlap:
    """A run of words that a text has in common with an item: the longest from its first word on."""

    benchmark: int
    item: int  # from 0, in its benchmark
    start: int  # code points of the text
    end: int
    n_grams: int


def overlaps(texts: TextBatch, lookup: Lookup) -> dict[int, list[Overlap]]:
    """Document -> its overlaps, by place; documents without one are left out.

    In each benchmark the first n-gram found begins an overlap, with the item that has the most n-grams from there on
    (of equals the first). The next overlap begins behind its last n-gram, so they may share words.
    """
    words = placed_words(texts)
    documents, rows = _search(word_hashes(texts, words), words.offsets, lookup)
    found: dict[int, list[Overlap]] = {}
    if not len(documents):
        return found
    begins, ends = words.begins[rows[:, 2]], words.ends[rows[:, 3] - 1]
    for document in np.unique(documents).tolist():
        mine = np.arange(*np.searchsorted(documents, [document, document + 1]))  # they are ascending
        first, last = texts.begins[document], texts.ends[document]
        characters = np.cumsum((texts.data[first:last] & 0xC0) != 0x80)  # of each byte: characters up to it
        starts = characters[begins[mine] - first] - 1
        stops = characters[ends[mine] - first - 1]
        listed = [
            Overlap(int(row[0]), int(row[1]), int(start), int(stop), int(row[4]))
            for row, start, stop in zip(rows[mine].tolist(), starts, stops, strict=True)
        ]
        found[document] = sorted(listed, key=lambda each: (each.start, each.end, each.benchmark, each.item))
    return found


@dataclass(frozen=True, slots=True)
class Removal:
    """What would be taken out of a text, and what it says about the text."""

    spans: Sequence[tuple[int, int]]  # code points; apart from each other, in order
    characters: int  # in overlaps
    left: int  # that are no whitespace and in no span


def removal(text: str, found: Sequence[Overlap], margin: int, shortest_piece: int) -> Removal:
    """The spans of a text's overlaps: with the punctuation they touch, margins, and pieces too short to stay.

    Args:
        text: the text.
        found: its overlaps.
        margin: characters to each side that go with an overlap.
        shortest_piece: a shorter piece between two spans, or before or behind them, goes with them.
    """
    covered = _merged([(each.start, each.end) for each in found])
    widened = [(_back(text, start), _forward(text, end)) for start, end in covered]
    spans = _merged([(max(start - margin, 0), min(end + margin, len(text))) for start, end in widened])
    bounds = [0, *(place for span in spans for place in span), len(text)]
    pieces = list(zip(bounds[::2], bounds[1::2], strict=True))
    short = [piece for piece in pieces if 0 < piece[1] - piece[0] < shortest_piece]
    spans = _merged([*spans, *short])
    gone = sum(end - start - _spaces(text[start:end]) for start, end in spans)
    return Removal(spans, sum(end - start for start, end in covered), len(text) - _spaces(text) - gone)


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _back(text: str, start: int) -> int:
    while start > 0 and _is_symbol(text[start - 1]):
        start -= 1
    return start


def _forward(text: str, end: int) -> int:
    while end < len(text) and _is_symbol(text[end]):
        end += 1
    return end


def _is_symbol(character: str) -> bool:
    return not character.isalnum() and not character.isspace()


def _spaces(text: str) -> int:
    return len(text) - sum(map(len, text.split()))


@njit(cache=True)
def _search(
    hashes: npt.NDArray[np.uint64], offsets: Integers, lookup: Lookup
) -> tuple[Integers, npt.NDArray[np.int64]]:
    """-> the document of each overlap (O,), ascending; its benchmark, item, first word, end and n-grams (O, 5)."""
    documents, rows = np.empty(16, np.int64), np.empty((16, 5), np.int64)
    places, numbers = np.empty(0, np.int64), np.empty(0, np.int64)
    powers = np.empty(len(lookup.lengths), np.uint64)
    for at in range(len(powers)):
        powers[at] = power_of(lookup.lengths[at])
    count = 0
    for d in range(len(offsets) - 1):
        begin, words = offsets[d], offsets[d + 1] - offsets[d]
        if words < lookup.lengths[0]:
            continue
        first = prefixes(hashes[begin : begin + words, 0])
        second, has_second = first, False
        if len(places) < words:
            places, numbers = np.empty(2 * words, np.int64), np.empty(2 * words, np.int64)
        for at in range(len(powers)):
            length, power = lookup.lengths[at], powers[at]
            matches = 0
            for place in range(words - length + 1):
                key = n_gram_key(first, power, place, length)
                if not may_hold(lookup.filter, key):
                    continue
                if not has_second:
                    second, has_second = prefixes(hashes[begin : begin + words, 1]), True
                number = number_of(lookup, key, n_gram_key(second, power, place, length))
                if number >= 0:
                    places[matches], numbers[matches] = place, number
                    matches += 1
            for benchmark in range(len(lookup.firsts) - 1 if matches else 0):
                match = 0
                while match < matches:
                    item, run = _longest(lookup, benchmark, places[:matches], numbers[:matches], match)
                    if run:
                        if count == len(documents):
                            documents = np.concatenate((documents, np.empty_like(documents)))
                            rows = np.concatenate((rows, np.empty_like(rows)))
                        documents[count] = d
                        rows[count, 0], rows[count, 1] = benchmark, item - lookup.firsts[benchmark]
                        rows[count, 2] = begin + places[match]
                        rows[count, 3] = begin + places[match] + run - 1 + length
                        rows[count, 4] = run
                        count += 1
                    match += max(run, 1)
    return documents[:count].copy(), rows[:count].copy()


@njit(cache=True)
def _longest(lookup: Lookup, benchmark: int, places: Integers, numbers: Integers, match: int) -> tuple[int, int]:
    """The item of a benchmark that has the most n-grams in a row from a match on -> item, n-grams; 0: none has it."""
    low, high = lookup.firsts[benchmark], lookup.firsts[benchmark + 1]
    number = numbers[match]
    place = _first_not_below(lookup.items, lookup.offsets[number], lookup.offsets[number + 1], low)
    best, longest, tried = -1, 0, 0
    while place < lookup.offsets[number + 1] and lookup.items[place] < high and tried < _CANDIDATES:
        item = lookup.items[place]
        run = 1
        while match + run < len(places) and places[match + run] == places[match] + run:
            following = numbers[match + run]
            end = lookup.offsets[following + 1]
            there = _first_not_below(lookup.items, lookup.offsets[following], end, item)
            if there == end or lookup.items[there] != item:
                break
            run += 1
        if run > longest:
            best, longest = item, run
        place += 1
        tried += 1
    return best, longest


@njit(cache=True)
def _first_not_below(items: Ids, low: int, high: int, item: int) -> int:
    while low < high:
        middle = (low + high) // 2
        if items[middle] < item:
            low = middle + 1
        else:
            high = middle
    return low
