"""Vectors of texts, with a cache of the vectors of words.

A word's vector is rounded the same way whether it comes from the cache or not, so a text's vector does not depend on
the cache's content. A word is found in the cache by its bytes alone, eight at a time: no word holds a zero byte, so
32 bytes, with zeros behind a shorter word, are its key. fastText's own hashes are computed for new words only.
Shapes: T texts, D dimensions, N words that fit into the table, S slots.
"""

from typing import NamedTuple, Self

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes, Hashes, Integers
from pipelines.kernels.hashing import mix, table_size
from pipelines.kernels.unaligned import load_64
from pipelines.language.fasttext_model import Doubles, Floats
from pipelines.language.fasttext_words import (
    END_OF_LINE,
    SEPARATES,
    NGrams,
    Vocabulary,
    add_word,
    is_blank,
    rows_of_text,
)

LONGEST_KEPT = 32  # bytes; longer words, mostly text written without spaces, rarely repeat
TABLE_BYTES = 32 << 20  # approximate size of a table, which is emptied when it is full
_KEY = 4  # integers of a key; behind them stands the number of rows
_SLOTS = 2  # about, per word

_HIGH_BITS = np.uint64(0x8080808080808080)
_ABOVE_BLANK = np.uint64(0x2121212121212121)  # eight bytes of 33: all separators are smaller
_LOW_BITS = np.uint64(0x0101010101010101)
_ONE, _SEVEN, _HALF, _NONE = np.uint64(1), np.uint64(7), np.uint64(32), np.uint64(0)
_NUMBER = np.uint64(0xFFFFFFFF)
_FACTORS = np.array([1, 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)  # odd, as in XXH64


class WordTable(NamedTuple):
    """Cached words in order of first occurrence, with the sums of their rows. Unused pages take no physical memory."""

    slots: Hashes  # (S,): half of the hash, then the word's number from 1 on; 0 where free
    keys: Hashes  # (N, 5)
    vectors: Floats  # (N, D)
    known: Integers  # (1,)

    @classmethod
    def of(cls, dimensions: int, size: int) -> Self:
        """An empty table of about `size` bytes."""
        capacity = max(16, size // (4 * dimensions + 8 * (_KEY + 1 + _SLOTS)))
        return cls(
            np.zeros(table_size(capacity), np.uint64),
            np.empty((capacity, _KEY + 1), np.uint64),
            np.empty((capacity, dimensions), np.float32),
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
    slots, keys, vectors = table.slots, table.keys, table.vectors
    mask, dimensions = len(slots) - 1, vectors.shape[1]
    end_of_line = _key_before(END_OF_LINE, 0, len(END_OF_LINE))[0]
    vector, count = np.empty(dimensions + 1, np.float64), 0
    total[:] = 0
    blank, position = True, begin
    while position < end:
        if SEPARATES[data[position]]:
            blank = blank and data[position] != 0
            position += 1
            continue
        if position + 8 * _KEY < end:
            first, second, third, fourth, length = _key(data, position)
        else:
            first, second, third, fourth, length = _key_before(data, position, end)
        word_end = position + length if length else _end_of_word(data, position, end)
        if blank:
            blank = is_blank(data, position, word_end)
        if first == end_of_line and length == len(END_OF_LINE):
            blank = False
            break
        word_hash = mix(first ^ second * _FACTORS[1] ^ third * _FACTORS[2] ^ fourth * _FACTORS[3])
        slot, number = int(np.int64(word_hash)) & mask, -1
        while length and slots[slot] != _NONE:
            if slots[slot] >> _HALF == word_hash >> _HALF:
                number = int(np.int64(slots[slot] & _NUMBER)) - 1
                same = keys[number, 0] == first and keys[number, 1] == second
                if same and keys[number, 2] == third and keys[number, 3] == fourth:
                    break
                number = -1
            slot = (slot + 1) & mask
        if number >= 0:
            for d in range(dimensions):
                total[d] += vectors[number, d]
            count += int(np.int64(keys[number, _KEY]))
        else:
            vector[:] = 0
            add_word(data, position, word_end, vocabulary, ngrams, matrix, vector)
            for d in range(dimensions):
                total[d] += np.float32(vector[d])
            count += int(np.int64(vector[dimensions]))
            if length:
                keep(first, second, third, fourth, word_hash, slot, vector, table)
        position = word_end
    if blank:
        total[:] = 0
        return
    for row in rows_of_text(data, begin, end, vocabulary, ngrams):
        for d in range(dimensions):
            total[d] += matrix[row, d]
        count += 1
    total[dimensions] = count


@njit(cache=True, inline="always")
def _key(data: Bytes, position: int) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, int]:
    """The key of the word at `position`, and its length in bytes; 0 if it is longer than a key.

    32 bytes and one more must be there. Also 0 where a control character that separates nothing comes first.
    """
    first, size = _eight(data, position)
    second = third = fourth = _NONE
    if size == 8:
        second, more = _eight(data, position + 8)
        size += more
        if more == 8:
            third, more = _eight(data, position + 16)
            size += more
            if more == 8:
                fourth, more = _eight(data, position + 24)
                size += more
    return first, second, third, fourth, size if SEPARATES[data[position + size]] else 0


@njit(cache=True, inline="always")
def _eight(data: Bytes, position: int) -> tuple[np.uint64, int]:
    """Eight bytes, those from the first small one on as zeros, and how many bytes come before it.

    A byte is smaller than 33 if subtracting 33 sets its high bit, which it has not itself. A borrow can only mark
    bytes above a small one, so the lowest mark is right.
    """
    eight = load_64(data, position)
    small = (eight - _ABOVE_BLANK) & ~eight & _HIGH_BITS
    if small == _NONE:
        return eight, 8
    before = ((small & (~small + _ONE)) >> _SEVEN) - _ONE  # all bits of the bytes before the lowest mark
    return eight & before, int(np.int64(((before & _LOW_BITS) * _LOW_BITS) >> np.uint64(56)))


@njit(cache=True)
def _key_before(data: Bytes, position: int, end: int) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, int]:
    """As `_key`, byte by byte, of a word that may end with the text."""
    first = second = third = fourth = _NONE
    size = 0
    while position + size < end and not SEPARATES[data[position + size]]:
        if size == 8 * _KEY:
            return first, second, third, fourth, 0
        byte = np.uint64(data[position + size]) << np.uint64(8 * (size & 7))
        if size < 8:
            first |= byte
        elif size < 16:
            second |= byte
        elif size < 24:
            third |= byte
        else:
            fourth |= byte
        size += 1
    return first, second, third, fourth, size


@njit(cache=True)
def _end_of_word(data: Bytes, position: int, end: int) -> int:
    while position < end and not SEPARATES[data[position]]:
        position += 1
    return position


@njit(cache=True)
def keep(
    first: np.uint64,
    second: np.uint64,
    third: np.uint64,
    fourth: np.uint64,
    word_hash: np.uint64,
    slot: int,
    vector: Doubles,
    table: WordTable,
) -> None:
    """Adds a word, which is to be at `slot`, to the table; a full table is emptied first."""
    slots, keys, vectors, known = table.slots, table.keys, table.vectors, table.known
    number = known[0]
    if number == len(keys):
        slots[:] = 0
        number, slot = 0, int(np.int64(word_hash)) & (len(slots) - 1)
    slots[slot] = (word_hash >> _HALF) << _HALF | np.uint64(number + 1)
    keys[number, 0], keys[number, 1], keys[number, 2], keys[number, 3] = first, second, third, fourth
    dimensions = vectors.shape[1]
    keys[number, _KEY] = np.uint64(vector[dimensions])
    for d in range(dimensions):
        vectors[number, d] = vector[d]
    known[0] = number + 1
