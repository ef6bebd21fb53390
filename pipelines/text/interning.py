"""Words as integers: each distinct whitespace chunk is split once, then gathered.

Shapes: D documents, C chunks, W words, V distinct words known so far.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from pipelines.text.arrays import Bytes, Ids, Integers
from pipelines.text.batch import TextBatch
from pipelines.text.characters import MAY_BEGIN_SPACE, space_width
from pipelines.text.chunk_table import ChunkTable

SplitChunk = Callable[[str], list[str]]
SplitChunks = Callable[[list[str]], "SplitWords"]

# What is kept of the past before the tables start afresh: bounds a worker's memory on endless input.
CHUNK_LIMIT = 1_000_000
BYTE_LIMIT = 64 << 20

# Longer runs without whitespace are cut after every so many code points: splitters may take time in the square of
# a chunk's length, and text written without spaces would fill the tables with chunks that never come back.
LONGEST_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class SplitWords:
    """Many chunks, split: chunk c holds the next `counts[c]` of the words `strings[ids[...]]`."""

    strings: list[str]  # distinct
    ids: npt.NDArray[np.integer]  # (words of all chunks,)
    counts: Integers  # (chunks,)


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
        return self.bulk_column(name, lambda words: np.array([compute(word) for word in words], dtype), dtype)

    def bulk_column(self, name: str, compute: Callable[[list[str]], npt.NDArray], dtype: npt.DTypeLike) -> npt.NDArray:
        """Array (V, ...) as `column`, from a function of many words at once."""
        known = self._columns.get(name)
        done = 0 if known is None else len(known)
        if known is None or done < len(self.strings):
            fresh = np.asarray(compute(self.strings[done:]), dtype)
            known = self._columns[name] = fresh if known is None else np.concatenate([known, fresh])
        return known

    @property
    def lengths(self) -> Integers:
        """Code points of each word, (V,)."""
        return self.column("length", len, np.int64)


@dataclass(frozen=True, slots=True)
class Words:
    """A batch of texts as word ids: document d is `ids[offsets[d]:offsets[d + 1]]`."""

    ids: Ids  # (W,)
    offsets: Integers  # (D + 1,)
    vocabulary: Vocabulary

    @property
    def counts(self) -> Integers:
        """Words per document, (D,)."""
        return np.diff(self.offsets)

    def total(self, per_word: npt.NDArray) -> Integers:
        """Sums (W,) numbers or truths per document, (D,)."""
        through = np.concatenate([np.zeros(1, np.int64), np.cumsum(per_word, dtype=np.int64)])
        return through[self.offsets[1:]] - through[self.offsets[:-1]]


@dataclass(frozen=True, slots=True)
class Chunks:
    """Where the chunks stand, and their words: chunk c has the words `word_offsets[c]:word_offsets[c + 1]`."""

    begins: Integers  # (C,) byte positions in the batch
    ends: Integers  # (C,)
    offsets: Integers  # (D + 1,) chunks of each document
    word_offsets: Integers  # (C + 1,)


class ChunkInterner:
    """Turns texts into `Words`, remembering chunks across batches.

    `split_chunk` maps one whitespace-free chunk to its words; it must not depend on what stands around it, and no
    result depends on what was seen before. Word ids do, so they are good for comparison within one `Words` only.
    """

    def __init__(self, split_chunk: SplitChunk, limit: int = CHUNK_LIMIT) -> None:
        self._start(lambda chunks: _split_each(chunks, split_chunk), limit)

    @classmethod
    def in_bulk(cls, split_chunks: SplitChunks, limit: int = CHUNK_LIMIT) -> Self:
        """For splitters that are faster on many chunks at once."""
        interner = cls.__new__(cls)
        interner._start(split_chunks, limit)
        return interner

    def _start(self, split_chunks: SplitChunks, limit: int) -> None:
        self._split_chunks = split_chunks
        self._limit = limit
        self._table = ChunkTable()
        self._vocabulary = Vocabulary()
        self._word_ids = np.empty(0, np.int32)  # of all chunks, end to end
        self._word_offsets = np.zeros(1, np.int64)  # per chunk

    def __len__(self) -> int:
        """Distinct chunks remembered."""
        return len(self._table)

    def forget(self) -> None:
        """Starts afresh. Words given out before stay as they are."""
        self._start(self._split_chunks, self._limit)

    def __call__(self, texts: Sequence[str] | pa.StringArray | pa.LargeStringArray | TextBatch) -> Words:
        return self.with_chunks(_batch(texts))[0]

    def with_chunks(self, texts: TextBatch) -> tuple[Words, Chunks]:
        """The words, and where in the text they come from."""
        if len(self._table) > self._limit or self._table.nbytes > BYTE_LIMIT:
            self.forget()
        begins, ends, offsets = _find_chunks(texts.data, texts.begins, texts.ends, LONGEST_CHUNK)
        chunk_ids = self._table.ids(texts.data, begins, ends)
        self._split_new()
        ids, word_offsets = _gather(self._word_ids, self._word_offsets, chunk_ids)
        words = Words(ids, word_offsets[offsets], self._vocabulary)
        return words, Chunks(begins, ends, offsets, word_offsets)

    def _split_new(self) -> None:
        """Splits the chunks that the table has learnt since the last call."""
        chunks = self._table.strings(len(self._word_offsets) - 1)
        if not chunks:
            return
        split = self._split_chunks(chunks)
        numbers = np.array([self._vocabulary.add(word) for word in split.strings], np.int32)
        ends = np.cumsum(split.counts) + self._word_offsets[-1]
        self._word_ids = np.concatenate([self._word_ids, numbers[split.ids]])
        self._word_offsets = np.concatenate([self._word_offsets, ends])


def _split_each(chunks: list[str], split_chunk: SplitChunk) -> SplitWords:
    split = [split_chunk(chunk) for chunk in chunks]
    numbers: dict[str, int] = {}
    ids = [numbers.setdefault(word, len(numbers)) for words in split for word in words]
    return SplitWords(list(numbers), np.array(ids, np.int64), np.array([len(words) for words in split], np.int64))


def _batch(texts: Sequence[str] | pa.StringArray | pa.LargeStringArray | TextBatch) -> TextBatch:
    if isinstance(texts, TextBatch):
        return texts
    return TextBatch.from_arrow(texts) if isinstance(texts, pa.Array) else TextBatch.from_strings(texts)


@njit(cache=True)
def _find_chunks(
    data: Bytes, text_begins: Integers, text_ends: Integers, longest: int
) -> tuple[Integers, Integers, Integers]:
    """`text.split()` with chunks of at most `longest` code points -> begins (C,), ends (C,), offsets (D + 1,)."""
    capacity = 1
    for d in range(len(text_begins)):
        capacity += (text_ends[d] - text_begins[d]) // 2 + 1
    begins, ends = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    offsets = np.zeros(len(text_begins) + 1, np.int64)
    count = 0
    for d in range(len(text_begins)):
        position, end = text_begins[d], text_ends[d]
        begin, characters = position, 0
        while position < end:
            byte = data[position]
            width = space_width(data, position, end) if MAY_BEGIN_SPACE[byte] else 0
            full = width == 0 and characters == longest and byte & 0xC0 != 0x80
            if (width or full) and position > begin:
                begins[count], ends[count] = begin, position
                count += 1
            if width:
                position += width
                begin, characters = position, 0
                continue
            if full:
                begin, characters = position, 0
            characters += byte & 0xC0 != 0x80
            position += 1
        if end > begin:
            begins[count], ends[count] = begin, end
            count += 1
        offsets[d + 1] = count
    return begins[:count].copy(), ends[:count].copy(), offsets


@njit(cache=True)
def _gather(table: Ids, table_offsets: Integers, rows: Ids) -> tuple[Ids, Integers]:
    """Concatenates the rows (C,) of a ragged table -> items (W,), offsets (C + 1,)."""
    offsets = np.zeros(len(rows) + 1, np.int64)
    for i in range(len(rows)):
        offsets[i + 1] = offsets[i] + table_offsets[rows[i] + 1] - table_offsets[rows[i]]
    items = np.empty(offsets[-1], np.int32)
    for i in range(len(rows)):
        start = table_offsets[rows[i]]
        for j in range(offsets[i + 1] - offsets[i]):
            items[offsets[i] + j] = table[start + j]
    return items, offsets
