"""MinHash signatures, equal bit for bit to those of datatrove 0.10.1, and the shingles behind them.

A shingle is `n` consecutive words of the normalised text joined by one space; two, where it begins in a script without
spaces (docs/decisions/0030-word-segmentation.md). All words of a batch are laid out in one buffer with a space after
each, so a shingle is a byte range and no string is ever built.

Shapes: D documents, W words, S shingles, P permutations, B buckets.
Sources: Broder 1997 (min-wise hashing), https://github.com/huggingface/datatrove (`dedup/minhash.py`, v0.10.1).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.dedup.config import MinHashConfig
from pipelines.dedup.xxh64 import hash_ranges
from pipelines.kernels.arrays import Bytes, Hashes, Ids, Integers, Truths
from pipelines.words.interning import ChunkInterner, Words
from pipelines.words.normalise import normalised_splitter, segments
from pipelines.words.scripts import are_unspaced

Texts: TypeAlias = Sequence[str] | pa.StringArray | pa.LargeStringArray

MERSENNE_PRIME = np.uint64((1 << 61) - 1)
_SPACE = np.uint8(32)


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths: row d is `values[offsets[d]:offsets[d + 1]]`."""

    values: Hashes  # (S,)
    offsets: Integers  # (D + 1,)

    def __getitem__(self, row: int) -> Hashes:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class Signatures:
    """MinHash values; rows of documents with too few words for a shingle are undefined."""

    minima: Hashes  # (D, P)
    present: Truths  # (D,)


class MinHasher:
    """Texts to shingles and signatures. Caches words across calls; the cache changes no result."""

    def __init__(self, config: MinHashConfig, words: ChunkInterner | None = None) -> None:
        """`words` replaces the normalising splitter of `config.language`."""
        self._config = config
        self._words = normalised_splitter(config.language) if words is None else words
        self._multipliers, self._increments = permutations(config.seed, config.permutations)

    def signatures(self, texts: Texts) -> Signatures:
        """The minimum of every permutation over each text's shingles."""
        hashes = self._hashes(texts, self._config.hash)
        minima = _minima(hashes.values, hashes.offsets, self._multipliers, self._increments)
        return Signatures(minima, np.diff(hashes.offsets) > 0)

    def shingles(self, texts: Texts) -> Ragged:
        """XXH64 of each distinct shingle, ascending within a text: sets for Jaccard similarity."""
        hashes = self._hashes(texts, "xxhash")
        return Ragged(*_distinct(hashes.values, hashes.offsets))

    def _hashes(self, texts: Texts, algorithm: str) -> Ragged:
        words = self._words(texts)
        known = words.vocabulary.texts()
        buffer, begins, ends = _layout(words.ids, known.data, known.begins, known.ends)
        first, last, offsets = _shingle_words(words.offsets, self._sizes(words), self._config.n_gram)
        begins, ends = begins[first], ends[last]
        hash_all = hash_ranges if algorithm == "xxhash" else _sha1_ranges
        return Ragged(hash_all(buffer, begins, ends), offsets)

    def _sizes(self, words: Words) -> Integers:
        """Words of the shingle that begins at each word, (W,)."""
        config = self._config
        if not segments(config.language):
            return np.full(len(words.ids), config.n_gram)
        unspaced = words.vocabulary.column("unspaced", are_unspaced)
        return np.where(unspaced, config.segmented_n_gram, config.n_gram)[words.ids]


def permutations(seed: int, count: int) -> tuple[Hashes, Hashes]:
    """Multipliers a in [1, p), increments b in [0, p) of h -> ((a h + b) mod 2^64) mod p, p = 2^61 - 1; (P,) each."""
    generator = np.random.RandomState(seed)
    multipliers = generator.randint(1, MERSENNE_PRIME, dtype=np.uint64, size=count)
    return multipliers, generator.randint(0, MERSENNE_PRIME, dtype=np.uint64, size=count)


def bands(minima: Hashes, buckets: int) -> Integers:
    """(D, P) minima -> (D, B) bucket keys: XXH64 of each band's little-endian bytes, read as signed integers."""
    size = minima.shape[1] // buckets * minima.itemsize
    starts = np.arange(minima.shape[0] * buckets, dtype=np.int64) * size
    buffer = np.ascontiguousarray(minima, "<u8").reshape(-1).view(np.uint8)
    return hash_ranges(buffer, starts, starts + size).view(np.int64).reshape(-1, buckets)


@njit(cache=True)
def _layout(
    ids: Ids, source: Bytes, source_begins: Integers, source_ends: Integers
) -> tuple[Bytes, Integers, Integers]:
    """Words written one after the other with a space after each -> buffer, begins (W,), ends (W,)."""
    size = len(ids)
    for word in ids:
        size += source_ends[word] - source_begins[word]
    buffer = np.empty(size, np.uint8)
    begins, ends = np.empty(len(ids), np.int64), np.empty(len(ids), np.int64)
    position = 0
    for i in range(len(ids)):
        begins[i] = position
        for byte in range(source_begins[ids[i]], source_ends[ids[i]]):
            buffer[position] = source[byte]
            position += 1
        ends[i] = position
        buffer[position] = _SPACE
        position += 1
    return buffer, begins, ends


@njit(cache=True)
def _shingle_words(offsets: Integers, sizes: Integers, least: int) -> tuple[Integers, Integers, Integers]:
    """First and last word of every shingle (S,), and the shingles of documents (D + 1,).

    `sizes` (W,) are the words of the shingle that begins at each; a document with fewer than `least` words has none.
    """
    first, last = np.empty(len(sizes), np.int64), np.empty(len(sizes), np.int64)
    shingles = np.zeros(len(offsets), np.int64)
    count = 0
    for d in range(len(offsets) - 1):
        if offsets[d + 1] - offsets[d] >= least:
            for word in range(offsets[d], offsets[d + 1]):
                if word + sizes[word] <= offsets[d + 1]:
                    first[count], last[count] = word, word + sizes[word] - 1
                    count += 1
        shingles[d + 1] = count
    return first[:count].copy(), last[:count].copy(), shingles


@njit(cache=True)
def _minima(hashes: Hashes, offsets: Integers, multipliers: Hashes, increments: Hashes) -> Hashes:
    """The product wraps at 64 bits before the prime reduces it: exact arithmetic would give other values."""
    minima = np.full((len(offsets) - 1, len(multipliers)), MERSENNE_PRIME)
    for d in range(len(offsets) - 1):
        row = minima[d]
        for i in range(offsets[d], offsets[d + 1]):
            for p in range(len(multipliers)):
                wrapped = hashes[i] * multipliers[p] + increments[p]
                folded = (wrapped & MERSENNE_PRIME) + (wrapped >> np.uint64(61))
                reduced = folded - MERSENNE_PRIME if folded >= MERSENNE_PRIME else folded
                row[p] = min(row[p], reduced)
    return minima


@njit(cache=True)
def _distinct(hashes: Hashes, offsets: Integers) -> tuple[Hashes, Integers]:
    """Each row sorted, without repetitions."""
    values = np.empty_like(hashes)
    kept = np.zeros_like(offsets)
    size = 0
    for d in range(len(offsets) - 1):
        row = np.sort(hashes[offsets[d] : offsets[d + 1]])
        for i in range(len(row)):
            if i == 0 or row[i] != row[i - 1]:
                values[size] = row[i]
                size += 1
        kept[d + 1] = size
    return values[:size].copy(), kept


def _sha1_ranges(buffer: Bytes, starts: Integers, ends: Integers) -> Hashes:
    """First 8 bytes of SHA-1, little-endian; one hashlib call per shingle, some ten times slower than XXH64."""
    view = memoryview(buffer.data)
    digests = (hashlib.sha1(view[a:b]).digest()[:8] for a, b in zip(starts.tolist(), ends.tolist(), strict=True))
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)
