"""Kernels that count in texts of code points. Shapes as in `texts`: C code points, N texts."""

import numba
import numpy as np
import numpy.typing as npt

from pipelines.bitext.rules.texts import ALPHABETIC, DIGIT, LETTER, SPACE, TERMINAL, UPPER, Classes
from pipelines.kernels.arrays import Integers

Codes = npt.NDArray[np.uint32]
Ratios = npt.NDArray[np.float64]

WORDS, LONGEST, IN_WORDS, ALPHABETIC_COUNT, IN_SCRIPT, TERMINALS, LETTERS, DIGITS, CAPITALISED, LETTERED = range(10)
"""Columns of `counts`: words apart by white space, code points of the longest, and of all words; alphabetic code
points, and those of them in the script; terminal marks; letters; decimal digits; words whose first letter is upper
case; words with a letter."""


@numba.njit(cache=True, nogil=True)
def counts(codes: Codes, bounds: Integers, classes: Classes, script: Classes) -> Integers:
    """(N, 10), in one pass."""
    found = np.zeros((len(bounds) - 1, 10), np.int64)
    for text in range(len(bounds) - 1):
        row = found[text]
        length, seen_letter = 0, False
        for at in range(bounds[text], bounds[text + 1]):
            bits = classes[codes[at]]
            if bits & SPACE:
                length, seen_letter = 0, False
                continue
            row[WORDS] += length == 0
            length += 1
            row[IN_WORDS] += 1
            row[LONGEST] = max(row[LONGEST], length)
            row[TERMINALS] += (bits & TERMINAL) > 0
            row[DIGITS] += (bits & DIGIT) > 0
            if bits & ALPHABETIC:
                row[ALPHABETIC_COUNT] += 1
                row[IN_SCRIPT] += script[codes[at]]
            if bits & LETTER:
                row[LETTERS] += 1
                if not seen_letter:
                    row[LETTERED] += 1
                    row[CAPITALISED] += (bits & UPPER) > 0
                    seen_letter = True
    return found


@numba.njit(cache=True, nogil=True)
def common_substrings(left: Codes, left_bounds: Integers, right: Codes, right_bounds: Integers, limit: int) -> Ratios:
    """(N,): code points of the longest common substring over those of the shorter text; 0 where one is empty.

    NaN where a text is longer than `limit`: the time grows with the product of the lengths.
    """
    found = np.zeros(len(left_bounds) - 1, np.float64)
    ends = np.zeros(limit + 1, np.int64)  # length of the common substring that ends at each place of the right text
    for pair in range(len(found)):
        one, other = (
            left[left_bounds[pair] : left_bounds[pair + 1]],
            right[right_bounds[pair] : right_bounds[pair + 1]],
        )
        if len(one) > limit or len(other) > limit:
            found[pair] = np.nan
            continue
        if not len(one) or not len(other):
            continue
        longest = 0
        ends[: len(other) + 1] = 0
        for a in one:
            for at in range(len(other), 0, -1):
                ends[at] = ends[at - 1] + 1 if other[at - 1] == a else 0
                longest = max(longest, ends[at])
        found[pair] = longest / min(len(one), len(other))
    return found


@numba.njit(cache=True, nogil=True)
def similarities(left: Codes, left_bounds: Integers, right: Codes, right_bounds: Integers, limit: int) -> Ratios:
    """(N,): 1 - Levenshtein distance over the length of the longer text; 1 for two empty texts.

    NaN where a text is longer than `limit`.
    """
    found = np.ones(len(left_bounds) - 1, np.float64)
    costs = np.zeros(limit + 1, np.int64)
    for pair in range(len(found)):
        one, other = (
            left[left_bounds[pair] : left_bounds[pair + 1]],
            right[right_bounds[pair] : right_bounds[pair + 1]],
        )
        longer = max(len(one), len(other))
        if longer > limit:
            found[pair] = np.nan
        elif longer:
            for at in range(len(other) + 1):
                costs[at] = at
            for row in range(len(one)):
                diagonal, costs[0] = costs[0], row + 1
                for at in range(1, len(other) + 1):
                    substituted = diagonal + (one[row] != other[at - 1])
                    diagonal = costs[at]
                    costs[at] = min(substituted, costs[at] + 1, costs[at - 1] + 1)
            found[pair] = 1 - costs[len(other)] / longer
    return found


@numba.njit(cache=True, nogil=True)
def repeating(codes: Codes, bounds: Integers, classes: Classes, shortest: int, longest: int) -> npt.NDArray[np.bool_]:
    """(N,): whether some substring of `shortest` to `longest` code points stands three times in a row.

    There may be spaces between. The substring begins with no white space and holds no line feed.
    """
    found = np.zeros(len(bounds) - 1, np.bool_)
    for text in range(len(found)):
        begin, end = bounds[text], bounds[text + 1]
        for start in range(begin, end - 3 * shortest + 1):
            if classes[codes[start]] & SPACE:
                continue
            for length in range(2, min(longest, (end - start) // 3) + 1):
                if codes[start + length - 1] == 10:
                    break
                if length >= shortest and _follows_twice(codes, start, length, end):
                    found[text] = True
                    break
            if found[text]:
                break
    return found


@numba.njit(cache=True, nogil=True)
def _follows_twice(codes: Codes, start: int, length: int, end: int) -> bool:
    at = start + length
    for _ in range(2):
        while at < end and codes[at] == 32:
            at += 1
        if at + length > end:
            return False
        for place in range(length):
            if codes[at + place] != codes[start + place]:
                return False
        at += length
    return True
