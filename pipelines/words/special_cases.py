"""Special cases that span several words, as kernels: the last pass of spaCy's tokenizer.

spaCy's other rules split some special cases (`:-)`, `a.m.`) before they can be found. So its last pass searches for
the pieces of special cases in consecutive words, prefers the longest match, then the leftmost, and splits the words
that it covers as the special case says. As in spaCy, a rejected match still blocks shorter ones on its words.

A chunk's words end at `words[first:last]`, byte positions; the first begins at `begin`.
"""

from typing import NamedTuple

from numba import njit

from pipelines.kernels.arrays import Bytes, Integers
from pipelines.kernels.byte_strings import Table, find


class SpecialCases(NamedTuple):
    """Special case i is cut at `cuts[offsets[i]:offsets[i + 1]]`, bytes from its begin; its end is one of them."""

    table: Table
    offsets: Integers
    cuts: Integers
    longest: int  # bytes


@njit(cache=True, _nrt=False)
def special_case(cases: SpecialCases, data: Bytes, begin: int, end: int) -> int:
    """The number of the special case `data[begin:end]`; -1 when it is none."""
    return find(cases.table, data, begin, end) if 0 < end - begin <= cases.longest else -1


@njit(cache=True, _nrt=False)
def cut_special_case(cases: SpecialCases, number: int, begin: int, words: Integers, count: int) -> int:
    """Appends the ends of a special case's words from `count` on -> where they end."""
    for i in range(cases.offsets[number], cases.offsets[number + 1]):
        words[count] = begin + cases.cuts[i]
        count += 1
    return count


@njit(cache=True, _nrt=False)
def find_special_cases(
    data: Bytes, begin: int, words: Integers, first: int, last: int, word_cases: SpecialCases, spans: Integers
) -> int:
    """Finds consecutive words that are the pieces of a special case -> how many; -1 when `spans` is too small.

    Fills (2, N) `spans` with the first word of each and the word behind its last.
    """
    count = 0
    for word in range(first, last):
        for other in range(word, last):
            if words[other] - begin > word_cases.longest:
                break
            number = special_case(word_cases, data, begin, words[other])
            if number < 0 or not _are_cut(word_cases, number, begin, words, word, other + 1):
                continue
            if count == spans.shape[1]:
                return -1
            spans[0, count], spans[1, count] = word, other + 1
            count += 1
        begin = words[word]
    return count


@njit(cache=True, _nrt=False)
def _are_cut(word_cases: SpecialCases, number: int, begin: int, words: Integers, first: int, last: int) -> bool:
    cut = word_cases.offsets[number]
    if word_cases.offsets[number + 1] - cut != last - first:
        return False
    word = first
    while word < last and words[word] - begin == word_cases.cuts[cut + word - first]:
        word += 1
    return word == last


@njit(cache=True, _nrt=False)
def replace_special_cases(
    data: Bytes, begin: int, words: Integers, first: int, last: int, cases: SpecialCases, spans: Integers, count: int,
    scratch: Integers,
) -> int:  # fmt: skip
    """Splits the words of `spans` again -> the new end of the chunk's words. `scratch` is (2, N)."""
    old, span_end = scratch[0], scratch[1]
    for word in range(first, last):
        old[word - first] = words[word]
        span_end[word - first] = 0  # -1: inside a match
    _choose(spans, count, first, span_end)
    word, size, behind = 0, last - first, first
    while word < size:
        end = max(span_end[word], word + 1)
        number = special_case(cases, data, begin, old[end - 1]) if span_end[word] > 0 else -1
        if number >= 0:
            behind = cut_special_case(cases, number, begin, words, behind)
        else:
            for kept in range(word, end):
                words[behind] = old[kept]
                behind += 1
        begin = old[end - 1]
        word = end
    return behind


@njit(cache=True, _nrt=False)
def _choose(spans: Integers, count: int, first: int, span_end: Integers) -> None:
    """Longest first, then leftmost: sets the end of a chosen span at its first word, -1 at other matched words."""
    longest = 0
    for i in range(count):
        longest = max(longest, spans[1, i] - spans[0, i])
    for length in range(longest, 0, -1):
        for i in range(count):  # spans are in the order of their first words
            if spans[1, i] - spans[0, i] != length:
                continue
            begin, end = spans[0, i] - first, spans[1, i] - first
            chosen = span_end[begin] == 0 and span_end[end - 1] == 0
            for word in range(begin, end):
                if span_end[word] == 0:
                    span_end[word] = -1
            if chosen:
                span_end[begin] = end
