"""Vectors of texts, with a cache of the vectors of words.

A word's vector is rounded the same way whether it comes from the cache or not, so a text's vector does not depend on
the cache's content.
Shapes: T texts, D dimensions, N words that fit into the table, S slots.
"""

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.kernels.arrays import Bytes, Ids, Integers
from pipelines.kernels.hashing import table_size
from pipelines.language.fasttext_model import Doubles, Floats, add_rows
from pipelines.language.fasttext_words import (
    END_OF_LINE,
    FIRST_HASH,
    SEPARATES,
    NGrams,
    Vocabulary,
    extend_hash,
    first_slot,
    hash_word,
    is_blank,
    is_same,
    rows_of_text,
    word_rows,
)

Hashes32 = npt.NDArray[np.uint32]

LONGEST_KEPT = 64  # bytes; longer words, mostly text written without spaces, rarely repeat
TABLE_BYTES = 32 << 20  # approximate size of a table, which is emptied when it is full
_MEAN_WORD_BYTES = 16


class WordTable(NamedTuple):
    """Cached words in order of first occurrence, with the sums of their rows. Unused pages take no physical memory."""

    slots: Ids  # (S,)
    hashes: Hashes32  # (N,)
    offsets: Integers  # (N + 1,)
    data: Bytes
    vectors: Floats  # (N, D + 1), the last column counts the rows
    known: Integers  # (1,)

    @classmethod
    def of(cls, dimensions: int, size: int) -> Self:
        """An empty table of about `size` bytes."""
        capacity = max(16, size // (4 * dimensions + 32 + _MEAN_WORD_BYTES))
        return cls(
            np.full(table_size(capacity), -1, np.int32),
            np.empty(capacity, np.uint32),
            np.zeros(capacity + 1, np.int64),
            np.empty(max(capacity * _MEAN_WORD_BYTES, LONGEST_KEPT), np.uint8),
            np.empty((capacity, dimensions + 1), np.float32),
            np.zeros(1, np.int64),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of a full table."""
        return sum(column.nbytes for column in self)


@njit(cache=True)
def sum_text(
    data: Bytes,
    begin: int,
    end: int,
    vocabulary: Vocabulary,
    ngrams: NGrams,
    matrix: Floats,
    table: WordTable,
    total: Doubles,
) -> None:
    """Fills `total` (D + 1,) with the sum of a text's rows, and their count; the count is 0 for white space alone."""
    # Numba counts references, atomically, at each call and each access to a tuple's field, so the path of cached words
    # does neither.
    slots, hashes, offsets, known_bytes, vectors = table.slots, table.hashes, table.offsets, table.data, table.vectors
    mask, columns = len(slots) - 1, len(total)
    end_hash = hash_word(END_OF_LINE, 0, len(END_OF_LINE))
    vector, rounded = np.empty(columns, np.float64), np.empty(columns, np.float32)
    rows = np.empty(1 + (LONGEST_KEPT + 2) * ngrams.longest, np.int32)
    total[:] = 0
    blank = True
    position = begin
    while position < end:
        if SEPARATES[data[position]]:
            blank = blank and data[position] != 0
            position += 1
            continue
        word_begin, word_hash = position, FIRST_HASH
        while position < end and not SEPARATES[data[position]]:
            word_hash = extend_hash(word_hash, data[position])
            position += 1
        length = position - word_begin
        if word_hash == end_hash and is_same(data, word_begin, position, END_OF_LINE):
            blank = False
            break
        blank = blank and is_blank(data, word_begin, position)
        slot = first_slot(word_hash, mask)
        number = slots[slot]
        while number >= 0:
            start = offsets[number]
            if hashes[number] == word_hash and offsets[number + 1] - start == length:
                i = 0
                while i < length and known_bytes[start + i] == data[word_begin + i]:
                    i += 1
                if i == length:
                    break
            slot = (slot + 1) & mask
            number = slots[slot]
        if number >= 0:
            for column in range(columns):
                total[column] += vectors[number, column]
        else:
            vector[:] = 0
            if len(rows) < 1 + (length + 2) * ngrams.longest:
                rows = np.empty(1 + (length + 2) * ngrams.longest, np.int32)
            count = word_rows(data, word_begin, position, word_hash, vocabulary, ngrams, rows)
            add_rows(matrix, rows[:count], vector)
            for column in range(columns):
                rounded[column] = vector[column]
                total[column] += rounded[column]
            if length <= LONGEST_KEPT:
                keep(data, word_begin, position, word_hash, slot, rounded, table)
    if blank:
        total[:] = 0
        return
    add_rows(matrix, rows_of_text(data, begin, end, vocabulary, ngrams), total)


@njit(cache=True)
def keep(
    data: Bytes,
    begin: int,
    end: int,
    word_hash: np.uint32,
    slot: int,
    vector: Floats,
    table: WordTable,
) -> None:
    """Adds a word, which is to be at `slot`, to the table; a full table is emptied first."""
    number = table.known[0]
    if number == len(table.hashes) or table.offsets[number] + end - begin > len(table.data):
        table.slots[:] = -1
        number, slot = 0, first_slot(word_hash, len(table.slots) - 1)
    start = table.offsets[number]
    for position in range(begin, end):
        table.data[start + position - begin] = data[position]
    table.offsets[number + 1] = start + end - begin
    table.slots[slot] = number
    table.hashes[number] = word_hash
    for column in range(len(vector)):
        table.vectors[number, column] = vector[column]
    table.known[0] = number + 1
