"""Counts sentences as spaCy's rule-based sentencizer splits them.

A sentence ends after a sentence mark (`.`, `!`, `?` and those of other scripts) and the punctuation that follows it.
Whitespace other than a single space is a token too, but no punctuation.
"""

import unicodedata
from functools import cache

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes, Ids, Integers, Truths
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.utf8 import CODE_POINTS, any_in, code_point_counts
from pipelines.words.interning import Chunks, Words
from pipelines.words.lines import Lines
from pipelines.words.punctuation import SENTENCE_MARKS, sorted_code_points

WORD, PUNCTUATION, MARK = 0, 1, 2


def count_sentences(texts: TextBatch, lines: Lines, words: Words, chunks: Chunks) -> Integers:
    """Sentences of each line by itself, summed per document, (D,). A line without words is one sentence."""
    kinds = words.vocabulary.column("sentence kind", sentence_kinds)
    counts = _count(
        texts.data, lines.begins, lines.ends, lines.offsets, chunks.begins, chunks.ends, chunks.offsets,
        chunks.word_offsets, kinds[words.ids],
    )  # fmt: skip
    return lines.total(counts)


def sentence_kinds(words: TextBatch) -> Ids:
    """What each word is to the splitter, (W,): `WORD`, `PUNCTUATION` or `MARK`."""
    single = code_point_counts(words.data, words.begins, words.ends) == 1
    mark = single & any_in(_marks(), words.data, words.begins, words.ends)
    plain = any_in(_no_punctuation(), words.data, words.begins, words.ends)
    return np.select([mark, plain], [np.int32(MARK), np.int32(WORD)], np.int32(PUNCTUATION))


@cache
def _marks() -> Truths:
    members = np.zeros(CODE_POINTS, np.bool_)
    members[sorted_code_points(SENTENCE_MARKS)] = True
    return members


@cache
def _no_punctuation() -> Truths:
    """The characters outside category P, which Unicode uses in its first two planes only."""
    members = np.ones(CODE_POINTS, np.bool_)
    members[:0x20000] = [unicodedata.category(chr(point))[0] != "P" for point in range(0x20000)]
    return members


@njit(cache=True)
def _count(
    data: Bytes,
    line_begins: Integers,
    line_ends: Integers,
    line_offsets: Integers,
    begins: Integers,
    ends: Integers,
    chunk_offsets: Integers,
    word_offsets: Integers,
    kinds: Ids,
) -> Integers:
    """Sentences of each line, (L,)."""
    counts = np.ones(len(line_begins), np.int64)
    for d in range(len(line_offsets) - 1):
        chunk = chunk_offsets[d]
        for line in range(line_offsets[d], line_offsets[d + 1]):
            seen_mark = False
            position = line_begins[line]
            while chunk < chunk_offsets[d + 1] and begins[chunk] < line_ends[line]:
                if seen_mark and is_token(data, position, begins[chunk]):
                    counts[line] += 1
                    seen_mark = False
                for word in range(word_offsets[chunk], word_offsets[chunk + 1]):
                    if kinds[word] == MARK:
                        seen_mark = True
                    elif seen_mark and kinds[word] == WORD:
                        counts[line] += 1
                        seen_mark = False
                position = ends[chunk]
                chunk += 1
            if seen_mark and is_token(data, position, line_ends[line]):
                counts[line] += 1
    return counts


@njit(cache=True)
def is_token(data: Bytes, begin: int, end: int) -> bool:
    """Whether spaCy makes a token of the whitespace after a word: not of a single space."""
    return end - begin > 1 or (end - begin == 1 and data[begin] != 32)
