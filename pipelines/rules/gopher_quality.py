"""Gopher's quality rules: does the text look like prose?

Sources: Rae et al. 2021, "Scaling Language Models", appendix A.1.1; datatrove 0.10.1, `gopher_quality_filter.py`.
"""

from functools import cache

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.kernels.arrays import Bytes, Integers, Truths
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.hashing import same_bytes
from pipelines.kernels.utf8 import CODE_POINTS, any_in, ends_with, skip_spaces, skip_spaces_back
from pipelines.rules.columns import ratio, struct
from pipelines.rules.stop_words import distinct_stop_words
from pipelines.tables import MEASURES
from pipelines.words.interning import Words
from pipelines.words.lines import Lines
from pipelines.words.punctuation import SYMBOLS, sorted_code_points

# A symbol is a word of nothing but punctuation. Measures per word are null for texts without words, measures per line
# for texts without lines, the mean length for texts without words that are not symbols.
TYPE = MEASURES.schema.field("gopher_quality").type

_NOT_SYMBOLS = np.ones(CODE_POINTS, np.bool_)
_NOT_SYMBOLS[sorted_code_points(SYMBOLS)] = False
_DOTS = np.frombuffer(b"...", np.uint8)
_ELLIPSIS = np.frombuffer("…".encode(), np.uint8)
_BULLET = np.frombuffer("•".encode(), np.uint8)


def measure(texts: TextBatch, lines: Lines, words: Words, language: str | None) -> pa.StructArray:
    """Rows of `TYPE`, (D,). Lines are those of `splitlines`.

    All texts are in one language, an ISO 639-1 code, which decides what stop words count.
    """
    ids, vocabulary = words.ids, words.vocabulary
    not_symbol = vocabulary.column("not symbol", _are_not_symbols)[ids]
    has_letter = vocabulary.column("has letter", _have_letters)[ids]
    counted = words.total(not_symbol)
    hashes, ellipses = _count_marks(texts.data, texts.begins, texts.ends)
    bullets, trailing_ellipses = _line_marks(texts.data, lines.begins, lines.ends)
    columns = {
        "words": counted,
        "mean_word_length": ratio(words.total(np.where(not_symbol, vocabulary.lengths[ids], 0)), counted),
        "hash_ratio": ratio(hashes, words.counts),
        "ellipsis_ratio": ratio(ellipses, words.counts),
        "bullet_line_ratio": ratio(lines.total(bullets), lines.counts),
        "ellipsis_line_ratio": ratio(lines.total(trailing_ellipses), lines.counts),
        "alpha_word_ratio": ratio(words.total(has_letter), words.counts),
        "stop_words": distinct_stop_words(words, language),
    }
    return struct(TYPE, columns)


def _are_not_symbols(words: TextBatch) -> Truths:
    return any_in(_NOT_SYMBOLS, words.data, words.begins, words.ends)


def _have_letters(words: TextBatch) -> Truths:
    return any_in(_letters(), words.data, words.begins, words.ends)


@cache
def _letters() -> Truths:
    """The characters for which `str.isalpha` holds."""
    return np.strings.isalpha(np.arange(CODE_POINTS, dtype=np.uint32).view("U1"))


@njit(cache=True)
def _count_marks(data: Bytes, begins: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """`#`; `...`, which do not overlap, together with `…`: (D,) each."""
    hashes, ellipses = np.zeros(len(begins), np.int64), np.zeros(len(begins), np.int64)
    for d in range(len(begins)):
        dots = 0
        for position in range(begins[d], ends[d]):
            byte = data[position]
            hashes[d] += byte == 35
            dots = dots + 1 if byte == 46 else 0
            ellipses[d] += dots != 0 and dots % 3 == 0
            if byte == 0xE2 and ends[d] - position >= 3:
                ellipses[d] += same_bytes(data, position, _ELLIPSIS, 0, 3)
    return hashes, ellipses


@njit(cache=True)
def _line_marks(data: Bytes, begins: Integers, ends: Integers) -> tuple[Truths, Truths]:
    """Lines that start with a bullet, lines that end in an ellipsis, whitespace aside: (L,) each."""
    bullets, ellipses = np.zeros(len(begins), np.bool_), np.zeros(len(begins), np.bool_)
    for i in range(len(begins)):
        begin = skip_spaces(data, begins[i], ends[i])
        end = skip_spaces_back(data, begin, ends[i])
        if begin < end:
            bullets[i] = data[begin] == 45 or (end - begin >= 3 and same_bytes(data, begin, _BULLET, 0, 3))
            ellipses[i] = ends_with(data, begin, end, _DOTS) or ends_with(data, begin, end, _ELLIPSIS)
    return bullets, ellipses
