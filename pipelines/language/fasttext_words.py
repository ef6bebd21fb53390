"""Features of texts as in fastText: hashes of words, and matrix rows of words, character n-grams and word n-grams.

Shapes: V entries of the dictionary, S slots, K rows.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes, Ids, Integers
from pipelines.kernels.hashing import mix, same_bytes, table_size
from pipelines.kernels.utf8 import skip_spaces
from pipelines.language.fasttext_model import Doubles, Floats, Model

# What ends a word: white space of ASCII without the separators 28 to 31, and the zero byte. A line break, which ends
# a text for fastText, is a blank here.
SEPARATES = np.zeros(256, np.bool_)
SEPARATES[[0, 9, 10, 11, 12, 13, 32]] = True

END_OF_LINE = np.frombuffer(
    b"</s>", np.uint8
).copy()  # fastText appends it to every text; as a word inside a text it ends the text
_LABEL_PREFIX = np.frombuffer(b"__label__", np.uint8).copy()
_LESS, _GREATER = np.uint8(60), np.uint8(62)  # n-grams are taken from `<word>`

_IS_LABEL = -2

FIRST_HASH = np.uint32(2166136261)


class Vocabulary(NamedTuple):
    """A hash table from the bytes of the model's words and labels to their numbers; labels come last."""

    data: Bytes
    offsets: Integers  # (V + 1,)
    slots: Ids  # (S,), -1 where free
    words: int


class NGrams(NamedTuple):
    """Sizes of n-grams, and the rows of their buckets."""

    shortest: int  # in characters
    longest: int
    words: int  # of the longest n-gram of words
    buckets: int
    rows: Ids  # (buckets,), -1 for pruned ones; empty when nothing is pruned and rows follow the words in order
    kept: Bytes  # a bit for each bucket, set where it has a row: most have none, and the bits fit into a cache


def vocabulary(model: Model) -> Vocabulary:
    """The table of a model's dictionary."""
    entries = [*model.words, *(label.encode() for label in model.labels)]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(entry) for entry in entries], dtype=np.int64)])
    data = np.frombuffer(b"".join(entries), np.uint8).copy()
    return Vocabulary(data, offsets, _numbered(data, offsets), len(model.words))


def n_grams(model: Model) -> NGrams:
    """Those of a model."""
    kept = np.packbits(model.bucket_rows >= 0, bitorder="little")
    shape = model.shortest, max(model.longest, 0), model.word_ngrams, model.buckets
    return NGrams(*shape, model.bucket_rows, kept)


@njit(cache=True)
def extend_hash(state: np.uint32, byte: np.uint8) -> np.uint32:
    """FNV-1a (32 bit) of one more byte. fastText reads bytes as signed: those above 127 set all upper bits."""
    return np.uint32((state ^ np.uint32(np.int8(byte))) * np.uint32(16777619))


@njit(cache=True)
def hash_word(data: Bytes, begin: int, end: int) -> np.uint32:
    """The hash of a range of bytes."""
    state = FIRST_HASH
    for position in range(begin, end):
        state = extend_hash(state, data[position])
    return state


@njit(cache=True)
def first_slot(word_hash: np.uint32, mask: int) -> int:
    """Where a table of `mask + 1` slots begins to look for a word."""
    return int(np.int64(mix(np.uint64(word_hash)))) & mask


@njit(cache=True)
def _numbered(data: Bytes, offsets: Integers) -> Ids:
    slots = np.full(table_size(len(offsets) - 1), -1, np.int32)
    for number in range(len(offsets) - 1):
        slot = first_slot(hash_word(data, offsets[number], offsets[number + 1]), len(slots) - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = number
    return slots


@njit(cache=True)
def is_same(data: Bytes, begin: int, end: int, other: Bytes) -> bool:
    """Whether a range of bytes is `other`."""
    return end - begin == len(other) and same_bytes(data, begin, other, 0, len(other))


@njit(cache=True)
def is_blank(data: Bytes, begin: int, end: int) -> bool:
    """Whether a word is white space of Unicode alone."""
    return skip_spaces(data, begin, end) == end


@njit(cache=True)
def _entry(data: Bytes, begin: int, end: int, word_hash: np.uint32, vocabulary: Vocabulary) -> int:
    """The number of a word of the dictionary; -1 for other words, `_IS_LABEL` for what is, or looks like, a label."""
    known, offsets, slots = vocabulary.data, vocabulary.offsets, vocabulary.slots
    slot = first_slot(word_hash, len(slots) - 1)
    while slots[slot] >= 0:
        number = slots[slot]
        length = offsets[number + 1] - offsets[number]
        if length == end - begin and same_bytes(data, begin, known, offsets[number], length):
            return number if number < vocabulary.words else _IS_LABEL
        slot = (slot + 1) & (len(slots) - 1)
    prefix = begin + len(_LABEL_PREFIX)
    return _IS_LABEL if prefix <= end and is_same(data, begin, prefix, _LABEL_PREFIX) else -1


@njit(cache=True)
def add_word(
    data: Bytes,
    begin: int,
    end: int,
    vocabulary: Vocabulary,
    ngrams: NGrams,
    matrix: Floats,
    total: Doubles,
) -> None:
    """Adds the rows of a word, its own and those of its n-grams, and their number behind them, to `total` (D + 1,).

    The n-grams are those of `<word>`, in characters of UTF-8, without the marks alone. What looks like a label has
    no rows.
    """
    number = _entry(data, begin, end, hash_word(data, begin, end), vocabulary)
    if number == _IS_LABEL:
        return
    dimensions = matrix.shape[1]
    if number >= 0:
        for d in range(dimensions):
            total[d] += matrix[number, d]
        total[dimensions] += 1
    shortest, longest, words = ngrams.shortest, ngrams.longest, vocabulary.words
    buckets, kept, bucket_rows = np.uint32(ngrams.buckets), ngrams.kept, ngrams.rows
    pruned, marked = len(kept) > 0, extend_hash(FIRST_HASH, _LESS)
    for first in range(begin - 1, end if longest > 0 else 0):
        if first < begin:  # `<`, which is no n-gram alone
            state, position, characters = marked, begin, 1
        elif data[first] & 0xC0 == 0x80:
            continue
        else:
            state, position, characters = FIRST_HASH, first, 0
        while characters < longest and position <= end:
            if position == end:
                state = extend_hash(state, _GREATER)
                position += 1
            else:
                state = extend_hash(state, data[position])
                position += 1
                while position < end and data[position] & 0xC0 == 0x80:
                    state = extend_hash(state, data[position])
                    position += 1
            characters += 1
            if characters < shortest:
                continue
            bucket = np.int64(state % buckets)
            if not pruned:
                row = words + bucket
            elif kept[bucket >> 3] >> (bucket & 7) & 1:
                row = np.int64(bucket_rows[bucket])
            else:
                continue
            for d in range(dimensions):
                total[d] += matrix[row, d]
            total[dimensions] += 1


@njit(cache=True)
def rows_of_text(data: Bytes, begin: int, end: int, vocabulary: Vocabulary, ngrams: NGrams) -> Ids:
    """The rows (K,) of a text that are those of no word in it: of the end mark, and of n-grams of words."""
    number = _entry(END_OF_LINE, 0, len(END_OF_LINE), hash_word(END_OF_LINE, 0, len(END_OF_LINE)), vocabulary)
    if ngrams.words < 2:
        return np.full(1 if number >= 0 else 0, number, np.int32)
    hashes = _word_hashes(data, begin, end, vocabulary)
    rows, count = np.empty(1 + len(hashes) * min(ngrams.words, len(hashes)), np.int32), 0
    if number >= 0:
        rows[0], count = number, 1
    buckets, bucket_rows = np.uint64(ngrams.buckets), ngrams.rows
    for first in range(len(hashes)):
        state = np.uint64(hashes[first])
        for last in range(first + 1, min(first + ngrams.words, len(hashes))):
            state = state * np.uint64(116049371) + np.uint64(hashes[last])
            bucket = np.int64(state % buckets)
            row = bucket_rows[bucket] if len(bucket_rows) else vocabulary.words + bucket
            if row >= 0:
                rows[count] = row
                count += 1
    return rows[:count]


@njit(cache=True)
def _word_hashes(data: Bytes, begin: int, end: int, vocabulary: Vocabulary) -> Integers:
    """Hashes of a text's words and its end, without labels; read as signed numbers of 32 bits, as fastText does."""
    hashes, count = np.empty((end - begin) // 2 + 2, np.int64), 0
    position = begin
    while position < end:
        if SEPARATES[data[position]]:
            position += 1
            continue
        word_begin = position
        while position < end and not SEPARATES[data[position]]:
            position += 1
        if is_same(data, word_begin, position, END_OF_LINE):
            break
        word_hash = hash_word(data, word_begin, position)
        if _entry(data, word_begin, position, word_hash, vocabulary) != _IS_LABEL:
            hashes[count] = np.int32(word_hash)
            count += 1
    hashes[count] = np.int32(hash_word(END_OF_LINE, 0, len(END_OF_LINE)))
    return hashes[: count + 1]
