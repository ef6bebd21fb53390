"""Words as integers: each distinct whitespace chunk is split once, then gathered.

Shapes: D documents, C chunks, W words, V distinct words known so far.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

SplitChunk = Callable[[str], list[str]]

# Distinct chunks kept before the tables start afresh: bounds a worker's memory on endless input.
CHUNK_LIMIT = 1_000_000


@dataclass(slots=True)
class Vocabulary:
    """Distinct words in order of first sight. Columns over it are computed once per word, not per use."""

    strings: list[str] = field(default_factory=list)
    _index: dict[str, int] = field(default_factory=dict)
    _columns: dict[str, npt.NDArray] = field(default_factory=dict)

    def add(self, word: str) -> int:
        """The word's id, new or known."""
        known = self._index.get(word)
        if known is None:
            known = self._index[word] = len(self.strings)
            self.strings.append(word)
        return known

    def column(self, name: str, compute: Callable[[str], object], dtype: npt.DTypeLike) -> npt.NDArray:
        """Array (V,) of `compute(word)`; only words not seen at the last call are computed."""
        known = self._columns.get(name, np.empty(0, dtype))
        if len(known) < len(self.strings):
            fresh = np.array([compute(word) for word in self.strings[len(known) :]], dtype)
            known = self._columns[name] = np.concatenate([known, fresh])
        return known

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Code points of each word, (V,)."""
        return self.column("length", len, np.int64)


@dataclass(frozen=True, slots=True)
class Words:
    """A batch of texts as word ids: document d is `ids[offsets[d]:offsets[d + 1]]`."""

    ids: npt.NDArray[np.int32]  # (W,)
    offsets: npt.NDArray[np.int64]  # (D + 1,)
    vocabulary: Vocabulary


class _ChunkIds(dict[str, int]):
    """chunk -> id; a missing chunk is split and stored, so `map(ids.__getitem__, chunks)` runs in C."""

    def __init__(self, split_chunk: SplitChunk) -> None:
        super().__init__()
        self.split_chunk = split_chunk
        self.vocabulary = Vocabulary()
        self.word_ids: list[int] = []  # of all chunks, end to end
        self.word_counts: list[int] = []  # per chunk

    def __missing__(self, chunk: str) -> int:
        words = [self.vocabulary.add(word) for word in self.split_chunk(chunk)]
        self.word_ids.extend(words)
        self.word_counts.append(len(words))
        chunk_id = self[chunk] = len(self)
        return chunk_id


class ChunkInterner:
    """Turns texts into `Words`, remembering chunks across batches.

    `split_chunk` maps one whitespace-free chunk to its words; it must not depend on what stands around it.
    """

    def __init__(self, split_chunk: SplitChunk, limit: int = CHUNK_LIMIT) -> None:
        self._split_chunk = split_chunk
        self._limit = limit
        self._chunks = _ChunkIds(split_chunk)

    def __call__(self, texts: Sequence[str]) -> Words:
        if len(self._chunks) > self._limit:
            self._chunks = _ChunkIds(self._split_chunk)
        chunks = self._chunks
        per_document = [list(map(chunks.__getitem__, text.split())) for text in texts]
        chunk_ids = np.fromiter((c for ids in per_document for c in ids), np.int64)
        chunks_per_document = np.fromiter(map(len, per_document), np.int64, len(per_document))
        table = np.asarray(chunks.word_ids, np.int32)
        counts = np.asarray(chunks.word_counts, np.int64)
        ids = _gather(table, counts, chunk_ids)
        words_through_chunk = _offsets(counts[chunk_ids] if len(chunk_ids) else np.empty(0, np.int64))
        offsets = words_through_chunk[_offsets(chunks_per_document)]
        return Words(ids, offsets, chunks.vocabulary)


def _offsets(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """(N,) counts -> (N + 1,) offsets, from 0."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def _gather(
    table: npt.NDArray[np.int32], counts: npt.NDArray[np.int64], chunk_ids: npt.NDArray[np.int64]
) -> npt.NDArray[np.int32]:
    """Concatenates the rows `chunk_ids` (C,) of a ragged table with `counts` items a row -> (W,)."""
    if not len(chunk_ids):
        return np.empty(0, np.int32)
    starts = _offsets(counts)[chunk_ids]
    lengths = counts[chunk_ids]
    begins = np.repeat(starts - _offsets(lengths)[:-1], lengths)
    return table[begins + np.arange(len(begins))]
