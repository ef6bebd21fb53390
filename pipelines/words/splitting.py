"""spaCy's tokenizer as a kernel: chunks without whitespace to words.

Follows `spacy/tokenizer.pyx` (3.8): prefixes and suffixes are removed alternately until none is left or the rest is a
special case or a token; the rest is split at infixes; then special cases are searched over the words found. Words
cover the chunk without gaps, so their ends describe them. The URL expression is compiled only in part: where the
tables cannot decide whether a slice is a URL, the kernel returns the slice as a question, and the caller calls it
again with the answer.

Kernels that make no arrays switch off numba's reference counting (`_nrt=False`), which would take most of their time.

Shapes: C chunks, W words, N characters of a chunk, Q questions.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.kernels.arrays import Bytes, Integers
from pipelines.kernels.utf8 import code_point_at, utf8_width
from pipelines.words.automata import Automata
from pipelines.words.matching import Classes, matches, search
from pipelines.words.special_cases import (
    SpecialCases,
    cut_special_case,
    find_special_cases,
    replace_special_cases,
    special_case,
)

# A language's automata, in this order; those from TOKEN on match whole tokens.
PREFIX, SUFFIX, INFIX, POSSIBLE_URL, URL, TOKEN = range(6)

NOT_URL, IS_URL, UNKNOWN = 0, 1, -1
Answers: TypeAlias = npt.NDArray[np.int8]


class Rules(NamedTuple):
    """The word rules of one language."""

    classes: Classes  # by code point
    automata: Automata
    longest_url: int  # characters; the tables cannot confirm longer ones
    special_cases: SpecialCases  # of whole slices
    word_cases: SpecialCases  # special cases that span words, with the cuts that those words have


@njit(cache=True)
def split(
    data: Bytes, begins: Integers, ends: Integers, rules: Rules, answers: Answers
) -> tuple[Integers, Integers, Integers]:
    """The chunks' words.

    `answers` (C,) say whether the slice in question is a URL; UNKNOWN in the first call.

    Returns:
        Ends of the words (W,), byte positions; words of each chunk (C,), -1 for a chunk with a question; the slices in
        question (2, Q), byte positions.
    """
    longest, total = 0, 0
    for chunk in range(len(begins)):
        longest = max(longest, ends[chunk] - begins[chunk])
        total += ends[chunk] - begins[chunk]
    classes, at = np.empty(longest + 1, np.uint16), np.empty(longest + 1, np.int64)
    suffixes, spans, scratch = (
        np.empty(longest, np.int64),
        np.empty((2, 64), np.int64),
        np.empty((2, longest), np.int64),
    )
    words, counts = np.empty(total, np.int64), np.empty(len(begins), np.int64)
    asked, questions = np.empty((2, len(begins)), np.int64), 0
    cases, word_cases = rules.special_cases, rules.word_cases
    first = 0
    for chunk in range(len(begins)):
        length = _classify(data, begins[chunk], ends[chunk], rules.classes, classes, at)
        last = _split_chunk(data, classes, at, length, rules, words, first, suffixes, answers[chunk], asked, questions)
        if last < 0:
            counts[chunk] = -1
            questions += 1
            continue
        if last - first > 1:
            found = find_special_cases(data, begins[chunk], words, first, last, word_cases, spans)
            while found < 0:
                spans = np.empty((2, 2 * spans.shape[1]), np.int64)
                found = find_special_cases(data, begins[chunk], words, first, last, word_cases, spans)
            if found > 0:
                last = replace_special_cases(data, begins[chunk], words, first, last, cases, spans, found, scratch)
        counts[chunk] = last - first
        first = last
    return words[:first].copy(), counts, asked[:, :questions].copy()


@njit(cache=True, _nrt=False)
def _classify(data: Bytes, begin: int, end: int, class_of: Classes, classes: Classes, at: Integers) -> int:
    """Class and byte position of each character (N,), and the position behind the last -> N."""
    count = 0
    position = begin
    while position < end:
        byte = data[position]
        classes[count] = class_of[byte] if byte < 0x80 else class_of[code_point_at(data, position, end)]
        at[count] = position
        count += 1
        position += utf8_width(byte)
    at[count] = end
    return count


@njit(cache=True, _nrt=False)
def _split_chunk(
    data: Bytes, classes: Classes, at: Integers, length: int, rules: Rules, words: Integers, count: int,
    suffixes: Integers, answer: int, asked: Integers, questions: int,
) -> int:  # fmt: skip
    """Appends the ends of a chunk's words from `count` on -> where they end; -1 when there is a question."""
    begin, end, stripped, before = 0, length, 0, -1
    special = special_case(rules.special_cases, data, at[0], at[length])
    while special < 0 and begin < end and end - begin != before:
        special = special_case(rules.special_cases, data, at[begin], at[end])
        if special >= 0 or _is_token(rules.automata, classes, begin, end):
            break
        before = end - begin
        first, last = search(rules.automata, PREFIX, classes, begin, end, begin, False)
        prefix = last - first
        if prefix:
            special = special_case(rules.special_cases, data, at[begin + prefix], at[end])
        if special < 0:
            first, last = search(rules.automata, SUFFIX, classes, begin + prefix, end, begin + prefix, False)
            suffix = last - first
            if suffix:
                special = special_case(rules.special_cases, data, at[begin], at[end - suffix])
                if special >= 0:
                    prefix = 0
                suffixes[stripped] = at[end]
                stripped += 1
                end -= suffix
        if prefix:
            words[count] = at[begin + prefix]
            count += 1
            begin += prefix
    if special >= 0:
        count = cut_special_case(rules.special_cases, special, at[begin], words, count)
    elif begin < end:
        if not _is_token(rules.automata, classes, begin, end):
            is_url = answer if answer != UNKNOWN else _is_url(rules, classes, begin, end)
            if is_url == UNKNOWN:
                asked[0, questions], asked[1, questions] = at[begin], at[end]
                return -1
            if is_url == NOT_URL:
                count = _cut_at_infixes(rules.automata, classes, at, begin, end, words, count)
        words[count] = at[end]
        count += 1
    for i in range(stripped - 1, -1, -1):
        words[count] = suffixes[i]
        count += 1
    return count


@njit(cache=True, _nrt=False)
def _is_url(rules: Rules, classes: Classes, begin: int, end: int) -> int:
    """IS_URL, NOT_URL, or UNKNOWN where the tables cannot decide."""
    if not matches(rules.automata, POSSIBLE_URL, classes, begin, end):
        return NOT_URL
    short = end - begin <= rules.longest_url
    return IS_URL if short and matches(rules.automata, URL, classes, begin, end) else UNKNOWN


@njit(cache=True, _nrt=False)
def _cut_at_infixes(
    automata: Automata, classes: Classes, at: Integers, begin: int, end: int, words: Integers, count: int
) -> int:
    """Appends the ends of all words but the last of the slice `begin:end`."""
    position, filled = begin, False
    done = begin
    while True:
        first, last = search(automata, INFIX, classes, begin, end, position, filled)
        if first < 0:
            break
        position, filled = last, first == last
        if first == begin:
            continue
        if first != done and first != end:
            words[count] = at[first]
            count += 1
        if first != last and last != end:
            words[count] = at[last]
            count += 1
        done = last
    return count


@njit(cache=True, _nrt=False)
def _is_token(automata: Automata, classes: Classes, begin: int, end: int) -> bool:
    """Whether the slice `begin:end` is a token that must not be split."""
    which = TOKEN
    while which < len(automata.starts) and not matches(automata, which, classes, begin, end):
        which += 1
    return which < len(automata.starts)
