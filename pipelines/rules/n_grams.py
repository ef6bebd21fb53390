"""Repeated n-grams of words, as Gopher's repetition rules count them.

Shapes: D documents, W words, V words of the vocabulary.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.kernels.arrays import Bytes, Hashes, Ids, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.hashing import mix, same_bytes, table_size
from pipelines.words.interning import Words

# Modulo 2^64. The hash of a string of bytes is the polynomial whose coefficients are its bytes, mixed.
_BASE = 0x9E3779B97F4A7C15
_MULTIPLIER = np.uint64(_BASE)
_INVERSE = np.uint64(pow(_BASE, -1, 1 << 64))


class Letters(NamedTuple):
    """Word w of the vocabulary is the UTF-8 of `data[begins[w]:ends[w]]`."""

    data: Bytes
    begins: Integers  # (V,)
    ends: Integers  # (V,)


def top_n_gram_characters(words: Words, n: int) -> Integers:
    """Characters taken by the most frequent n-gram, (D,): its length with single spaces, times its count.

    Among equally frequent ones the first seen counts. 0 for texts with fewer than `n` words.
    """
    return _top_n_gram(words.ids, words.offsets, words.vocabulary.lengths, n)


def duplicated_n_gram_characters(words: Words, sizes: tuple[int, ...]) -> list[Integers]:
    """Characters, without spaces, in n-grams seen before: (D,) for each size.

    Words are walked from the left; a repeated n-gram is counted and skipped, otherwise the walk advances one word. Two
    n-grams are the same when their words, written together, are.
    """
    keys = words.vocabulary.column("concatenation", _concatenation_keys)
    lengths, spelled = words.vocabulary.lengths, words.vocabulary.texts()
    letters = Letters(spelled.data, spelled.begins, spelled.ends)
    return list(_duplicated_n_grams(words.ids, words.offsets, keys, lengths, letters, np.array(sizes, np.int64)))


def _concatenation_keys(words: TextBatch) -> npt.NDArray[np.uint64]:
    """Per word (V, 3): its hash, and what a hash is multiplied by to make room for it before and behind."""
    return _polynomials(words.data, words.begins, words.ends)


@njit(cache=True)
def _polynomials(data: Bytes, begins: Integers, ends: Integers) -> npt.NDArray[np.uint64]:
    keys = np.empty((len(begins), 3), np.uint64)
    for word in range(len(begins)):
        value, power, inverse = np.uint64(0), np.uint64(1), np.uint64(1)
        for position in range(begins[word], ends[word]):
            value = value * _MULTIPLIER + mix(np.uint64(data[position]) + np.uint64(1))
            power *= _MULTIPLIER
            inverse *= _INVERSE
        keys[word, 0], keys[word, 1], keys[word, 2] = value, power, inverse
    return keys


@njit(cache=True)
def _top_n_gram(ids: Ids, offsets: Integers, lengths: Integers, n: int) -> Integers:
    characters = np.zeros(len(offsets) - 1, np.int64)
    most_words = _most(offsets)
    table = np.empty(table_size(most_words), np.int32)
    counts = np.empty(most_words, np.int32)
    for d in range(len(characters)):
        first, n_grams = offsets[d], offsets[d + 1] - offsets[d] - n + 1
        if n_grams <= 0:
            continue
        mask = table_size(n_grams) - 1
        table[: mask + 1] = -1
        counts[:n_grams] = 0
        for i in range(n_grams):
            key = np.uint64(0)
            for j in range(n):
                key = key * _MULTIPLIER + np.uint64(ids[first + i + j])
            slot = np.int64(mix(key)) & mask
            while table[slot] >= 0 and not _same_words(ids, first + table[slot], first + i, n):
                slot = (slot + 1) & mask
            if table[slot] < 0:
                table[slot] = i
            counts[table[slot]] += 1
        best = 0
        for i in range(n_grams):
            if counts[i] > counts[best]:
                best = i
        length = n - 1
        for j in range(n):
            length += lengths[ids[first + best + j]]
        characters[d] = length * counts[best]
    return characters


@njit(cache=True)
def _most(offsets: Integers) -> int:
    """Items of the longest row."""
    most = 0
    for row in range(len(offsets) - 1):
        most = max(most, offsets[row + 1] - offsets[row])
    return most


@njit(cache=True)
def _same_words(ids: Ids, left: int, right: int, n: int) -> bool:
    i = 0
    while i < n and ids[left + i] == ids[right + i]:
        i += 1
    return i == n


@njit(cache=True)
def _duplicated_n_grams(
    ids: Ids,
    offsets: Integers,
    keys: npt.NDArray[np.uint64],
    lengths: Integers,
    letters: Letters,
    sizes: Integers,
) -> npt.NDArray[np.int64]:
    """(sizes, D) characters. With prefix sums of the words' hashes, any n-gram's hash is one product."""
    documents = len(offsets) - 1
    characters = np.zeros((len(sizes), documents), np.int64)
    most_words = _most(offsets)
    table = np.empty(table_size(most_words), np.int32)
    prefix, scale = np.empty(most_words + 1, np.uint64), np.empty(most_words + 1, np.uint64)
    ends = np.empty(most_words + 1, np.int64)
    for d in range(documents):
        first, words = offsets[d], offsets[d + 1] - offsets[d]
        prefix[0], scale[0], ends[0] = np.uint64(0), np.uint64(1), 0
        inverse = np.uint64(1)
        for i in range(words):
            word = ids[first + i]
            inverse *= keys[word, 2]
            scale[i + 1] = scale[i] * keys[word, 1]
            prefix[i + 1] = prefix[i] + keys[word, 0] * inverse
            ends[i + 1] = ends[i] + lengths[word]
        for s in range(len(sizes)):
            characters[s, d] = _walk(ids[first : first + words], letters, prefix, scale, ends, sizes[s], table)
    return characters


@njit(cache=True)
def _walk(ids: Ids, letters: Letters, prefix: Hashes, scale: Hashes, ends: Integers, n: int, table: Ids) -> int:
    characters, words = 0, len(ids)
    mask = table_size(max(words - n + 1, 0)) - 1
    table[: mask + 1] = -1
    i = 0
    while i < words - n + 1:
        key = (prefix[i + n] - prefix[i]) * scale[i + n]
        slot = np.int64(mix(key)) & mask
        other = table[slot]
        while other >= 0:
            same_hash = (prefix[other + n] - prefix[other]) * scale[other + n] == key
            if same_hash and _same_letters(ids, letters, other, i, n):
                break
            slot = (slot + 1) & mask
            other = table[slot]
        if other >= 0:
            characters += ends[i + n] - ends[i]
            i += n
        else:
            table[slot] = i
            i += 1
    return characters


@njit(cache=True)
def _same_letters(ids: Ids, letters: Letters, left: int, right: int, n: int) -> bool:
    """Whether the n words from two places on are the same when they are written together."""
    if _same_words(ids, left, right, n):
        return True
    left_end, right_end = left + n, right + n
    a = b = a_end = b_end = 0
    while True:
        while a == a_end and left < left_end:
            a, a_end = letters.begins[ids[left]], letters.ends[ids[left]]
            left += 1
        while b == b_end and right < right_end:
            b, b_end = letters.begins[ids[right]], letters.ends[ids[right]]
            right += 1
        length = min(a_end - a, b_end - b)
        if length == 0:
            return a_end - a == b_end - b
        if not same_bytes(letters.data, a, letters.data, b, length):
            return False
        a, b = a + length, b + length
