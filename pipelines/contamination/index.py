"""The n-grams of benchmarks as hashes, and which items have them. No word of an item is kept.

An n-gram is known by 128 bits: two hashes of 64 bits, each of other hashes of its words. Of T n-grams of texts, the
chance that any is taken for one of N n-grams of benchmarks is about T N / 2^128: 10^-19 for ten trillion words beside
ten million n-grams. This is why the words need not be compared, and need not lie in the lake.

Shapes: N n-grams, P pairs of an n-gram and an item that has it, B benchmarks, L lengths.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.contamination.benchmarks import Benchmark
from pipelines.contamination.words import placed_words, word_hashes
from pipelines.kernels.arrays import Hashes, Ids, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.hashing import mix, table_size

_BASE = np.uint64(0x9E3779B97F4A7C15)
_LENGTH = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True)
class BenchmarkCounts:
    """What was made of one benchmark."""

    name: str
    items: int
    too_short: int  # items of which no text has enough words to be looked for


class Lookup(NamedTuple):
    """An index as kernels read it: open addressing over the n-grams, behind a filter of bits."""

    slots: Ids  # (power of two,), at most half full; -1 is free
    filter: Hashes  # (power of two,), words of 64 bits
    keys: npt.NDArray[np.uint64]  # (N, 2)
    lengths: Integers  # (L,), in words
    offsets: Integers  # (N + 1,): n-gram k is in the items `items[offsets[k]:offsets[k + 1]]`
    items: Ids  # (P,), ascending for each n-gram, numbered through all benchmarks
    firsts: Integers  # (B + 1,): benchmark b has the items `firsts[b]:firsts[b + 1]`


@dataclass(frozen=True, slots=True)
class Index:
    """The n-grams of some benchmarks."""

    keys: npt.NDArray[np.uint64]
    lengths: Integers
    offsets: Integers
    items: Ids
    firsts: Integers
    too_short: Integers  # (B,)
    names: tuple[str, ...]

    @classmethod
    def build(cls, benchmarks: Sequence[Benchmark], n: int, shortest: int) -> Self:
        """Every run of `n` words of a text of an item; a text with fewer, but at least `shortest`, is one run."""
        keys, owners, too_short = [np.empty((0, 2), np.uint64)], [np.empty(0, np.int64)], []
        firsts, lengths = [0], {n}
        for benchmark in benchmarks:
            texts = TextBatch.from_strings(benchmark.texts)
            words = placed_words(texts)
            counts = np.diff(words.offsets)
            found, text_of = _n_grams(word_hashes(texts, words), words.offsets, n, shortest)
            keys.append(found)
            owners.append(benchmark.items[text_of] + firsts[-1])
            lengths |= set(counts[(counts >= shortest) & (counts < n)].tolist())
            enough = np.zeros(benchmark.count, np.bool_)
            enough[benchmark.items[counts >= shortest]] = True
            too_short.append(benchmark.count - int(enough.sum()))
            firsts.append(firsts[-1] + benchmark.count)
        unique, offsets, items = _grouped(np.concatenate(keys), np.concatenate(owners))
        return cls(
            unique,
            np.array(sorted(lengths), np.int64),
            offsets,
            items,
            np.array(firsts, np.int64),
            np.array(too_short, np.int64),
            tuple(each.name for each in benchmarks),
        )

    def counts(self) -> list[BenchmarkCounts]:
        """A row for each benchmark."""
        sizes = np.diff(self.firsts).tolist()
        return [BenchmarkCounts(*row) for row in zip(self.names, sizes, self.too_short.tolist(), strict=True)]

    def fingerprint(self) -> str:
        """16 hex digits of the content: equal for benchmarks with equal items, wherever their files lie."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    def to_bytes(self) -> bytes:
        """For `from_bytes`; the same bytes for the same index."""
        stream = io.BytesIO()
        for name in _ARRAYS:
            np.save(stream, getattr(self, name), allow_pickle=False)
        np.save(stream, np.frombuffer("\n".join(self.names).encode(), np.uint8), allow_pickle=False)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        stream = io.BytesIO(data)
        arrays = {name: np.load(stream, allow_pickle=False) for name in _ARRAYS}
        names = np.load(stream, allow_pickle=False).tobytes().decode().split("\n")
        return cls(names=tuple(names), **arrays)

    def lookup(self) -> Lookup:
        """The tables for searching, made once for each process."""
        slots, bits = _tables(self.keys)
        return Lookup(slots, bits, self.keys, self.lengths, self.offsets, self.items, self.firsts)


_ARRAYS = ("keys", "lengths", "offsets", "items", "firsts", "too_short")


def _grouped(keys: npt.NDArray[np.uint64], owners: Integers) -> tuple[npt.NDArray[np.uint64], Integers, Ids]:
    """Distinct n-grams in order of their hashes, and the items of each."""
    order = np.lexsort((owners, keys[:, 1], keys[:, 0]))
    keys, owners = keys[order], owners[order]
    other_key = np.ones(len(keys), np.bool_)
    other_key[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    other = other_key.copy()
    other[1:] |= owners[1:] != owners[:-1]
    places = np.flatnonzero(other_key[other])
    return keys[other_key], np.append(places, int(other.sum())), owners[other].astype(np.int32)


@njit(cache=True)
def n_gram_key(prefix: Hashes, power: np.uint64, begin: int, length: int) -> np.uint64:
    """The hash of words `begin:begin + length`; `prefix` are polynomials of their hashes, `power` is base^length."""
    return mix((prefix[begin + length] - prefix[begin] * power) ^ (np.uint64(length) * _LENGTH))


@njit(cache=True)
def prefixes(hashes: Hashes) -> Hashes:
    """(words + 1,): the polynomial of the first words' hashes, for each number of words."""
    prefix = np.empty(len(hashes) + 1, np.uint64)
    prefix[0] = np.uint64(0)
    for word in range(len(hashes)):
        prefix[word + 1] = prefix[word] * _BASE + hashes[word]
    return prefix


@njit(cache=True)
def power_of(length: int) -> np.uint64:
    """The base of the polynomials to a power."""
    power = np.uint64(1)
    for _ in range(length):
        power *= _BASE
    return power


@njit(cache=True)
def _n_grams(
    hashes: npt.NDArray[np.uint64], offsets: Integers, n: int, shortest: int
) -> tuple[npt.NDArray[np.uint64], Integers]:
    """-> the n-grams of all texts (n-grams, 2), and the text of each."""
    total = 0
    for text in range(len(offsets) - 1):
        words = offsets[text + 1] - offsets[text]
        total += words - n + 1 if words >= n else int(words >= shortest)
    keys, owners = np.empty((total, 2), np.uint64), np.empty(total, np.int64)
    count = 0
    for text in range(len(offsets) - 1):
        words = offsets[text + 1] - offsets[text]
        if words < shortest:
            continue
        length = min(words, n)
        power = power_of(length)
        first = prefixes(hashes[offsets[text] : offsets[text + 1], 0])
        second = prefixes(hashes[offsets[text] : offsets[text + 1], 1])
        for begin in range(words - length + 1):
            keys[count, 0] = n_gram_key(first, power, begin, length)
            keys[count, 1] = n_gram_key(second, power, begin, length)
            owners[count] = text
            count += 1
    return keys, owners


@njit(cache=True)
def _tables(keys: npt.NDArray[np.uint64]) -> tuple[Ids, Hashes]:
    slots = np.full(table_size(len(keys)), -1, np.int32)
    bits = np.zeros(max(len(slots) // 8, 1), np.uint64)  # 8 bits for each slot: one text n-gram in 16 or more passes
    mask = np.int64(len(slots) - 1)
    for number in range(len(keys)):
        slot = np.int64(keys[number, 0]) & mask
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = number
        bit = keys[number, 0] >> np.uint64(32)
        word = np.int64(bit >> np.uint64(6)) & np.int64(len(bits) - 1)
        bits[word] |= np.uint64(1) << (bit & np.uint64(63))
    return slots, bits


@njit(cache=True, _nrt=False)
def may_hold(bits: Hashes, key: np.uint64) -> bool:
    """Whether an n-gram with this first hash may be there; false is certain."""
    bit = key >> np.uint64(32)
    word = np.int64(bit >> np.uint64(6)) & np.int64(len(bits) - 1)
    return bool((bits[word] >> (bit & np.uint64(63))) & np.uint64(1))


@njit(cache=True, _nrt=False)
def number_of(lookup: Lookup, first: np.uint64, second: np.uint64) -> int:
    """The number of an n-gram; -1 where no item has it."""
    mask = np.int64(len(lookup.slots) - 1)
    slot = np.int64(first) & mask
    while lookup.slots[slot] >= 0:
        number = lookup.slots[slot]
        if lookup.keys[number, 0] == first and lookup.keys[number, 1] == second:
            return int(number)
        slot = (slot + 1) & mask
    return -1
