"""Words as integers: each distinct chunk (run of non-whitespace) is split once, then looked up.

Shapes: D documents, C chunks, W words, V distinct words known so far.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from pipelines.kernels.arrays import Bytes, Ids, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.byte_strings import ByteStrings
from pipelines.kernels.utf8 import MAY_BEGIN_SPACE, code_point_counts, space_width

Split = Callable[[TextBatch], "SplitWords"]
Find = Callable[[Bytes, Integers, Integers, int], tuple[Integers, Integers, Integers]]

# Size at which the tables are dropped: bounds a worker's memory on endless input.
CHUNK_LIMIT = 1_000_000
BYTE_LIMIT = 64 << 20

# Longer runs without whitespace are cut after every so many code points: the time of a splitter may grow with
# the square of a chunk's length, and text without spaces would fill the tables with chunks that never repeat.
LONGEST_CHUNK = 1_000
ANY_LENGTH = 1 << 62


@dataclass(frozen=True, slots=True)
class SplitWords:
    """Many chunks, split: chunk c holds the next `counts[c]` of the words."""

    words: TextBatch  # of all chunks
    counts: Integers  # (chunks,)


@dataclass(slots=True)
class Vocabulary:
    """Distinct words in order of first occurrence. Columns over it are computed once per distinct word."""

    _words: ByteStrings = field(default_factory=ByteStrings)
    _columns: dict[str, npt.NDArray] = field(default_factory=dict)
    _strings: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._words)

    def add(self, words: TextBatch) -> Ids:
        """The words' ids, new or known, (W,)."""
        return self._words.ids(words.data, words.begins, words.ends)

    def find(self, words: TextBatch) -> Ids:
        """The words' ids, (W,); -1 where a word is not known."""
        return self._words.find(words.data, words.begins, words.ends)

    def texts(self, first: int = 0) -> TextBatch:
        """The words from id `first` on."""
        return self._words.texts(first)

    @property
    def strings(self) -> list[str]:
        """The words as Python strings; decodes only words added since the last call."""
        self._strings += self.texts(len(self._strings)).strings()
        return self._strings

    def column(self, name: str, compute: Callable[[TextBatch], npt.NDArray]) -> npt.NDArray:
        """Array (V, ...) of `compute` over the words; computes only words added since the last call."""
        known = self._columns.get(name)
        done = 0 if known is None else len(known)
        if known is None or done < len(self):
            fresh = compute(self.texts(done))
            known = self._columns[name] = fresh if known is None else np.concatenate([known, fresh])
        return known

    @property
    def lengths(self) -> Integers:
        """Code points of each word, (V,)."""
        return self.column("length", lambda words: code_point_counts(words.data, words.begins, words.ends))


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
    """Positions of the chunks, and their words: chunk c has the words `word_offsets[c]:word_offsets[c + 1]`."""

    begins: Integers  # (C,) byte positions in the batch
    ends: Integers  # (C,)
    offsets: Integers  # (D + 1,) chunks of each document
    word_offsets: Integers  # (C + 1,)


class ChunkInterner:
    """Turns texts into `Words`, remembering chunks across batches.

    `split` maps chunks without whitespace to their words, which must not depend on a chunk's surroundings; `find`
    says where the chunks are. Words do not depend on earlier batches, but their ids do, so compare ids only within one
    `Words`.
    """

    def __init__(self, split: Split, limit: int = CHUNK_LIMIT, find: Find | None = None) -> None:
        self._split = split
        self._limit = limit
        self._find = find or find_chunks
        self.forget()

    def __len__(self) -> int:
        """Distinct chunks remembered."""
        return len(self._table)

    def forget(self) -> None:
        """Drops the tables. `Words` returned before remain valid."""
        self._table = ByteStrings()
        self._vocabulary = Vocabulary()
        self._word_ids = np.empty(0, np.int32)  # of all chunks, end to end
        self._word_offsets = np.zeros(1, np.int64)  # per chunk

    def __call__(self, texts: Sequence[str] | pa.StringArray | pa.LargeStringArray | TextBatch) -> Words:
        return self.with_chunks(_batch(texts))[0]

    def with_chunks(self, texts: TextBatch) -> tuple[Words, Chunks]:
        """The words, and the chunks that they come from."""
        if len(self._table) > self._limit or self._table.nbytes > BYTE_LIMIT:
            self.forget()
        begins, ends, offsets = self._find(texts.data, texts.begins, texts.ends, LONGEST_CHUNK)
        chunk_ids = self._table.ids(texts.data, begins, ends)
        self._split_new()
        ids, word_offsets = _gather(self._word_ids, self._word_offsets, chunk_ids)
        words = Words(ids, word_offsets[offsets], self._vocabulary)
        return words, Chunks(begins, ends, offsets, word_offsets)

    def _split_new(self) -> None:
        """Splits the chunks added to the table since the last call."""
        chunks = self._table.texts(len(self._word_offsets) - 1)
        if not len(chunks):
            return
        split = self._split(chunks)
        ends = np.cumsum(split.counts) + self._word_offsets[-1]
        self._word_ids = np.concatenate([self._word_ids, self._vocabulary.add(split.words)])
        self._word_offsets = np.concatenate([self._word_offsets, ends])


def split_at_spaces(texts: TextBatch) -> SplitWords:
    """`text.split()` of each text."""
    begins, ends, offsets = find_chunks(texts.data, texts.begins, texts.ends, ANY_LENGTH)
    return SplitWords(TextBatch(texts.data, begins, ends), np.diff(offsets))


def each(split_chunk: Callable[[str], list[str]]) -> Split:
    """A `Split` from a function of one chunk as a string."""

    def split(chunks: TextBatch) -> SplitWords:
        words = [split_chunk(chunk) for chunk in chunks.strings()]
        together = TextBatch.from_strings([word for found in words for word in found])
        return SplitWords(together, np.array([len(found) for found in words], np.int64))

    return split


def _batch(texts: Sequence[str] | pa.StringArray | pa.LargeStringArray | TextBatch) -> TextBatch:
    if isinstance(texts, TextBatch):
        return texts
    return TextBatch.from_arrow(texts) if isinstance(texts, pa.Array) else TextBatch.from_strings(texts)


@njit(cache=True)
def find_chunks(
    data: Bytes, text_begins: Integers, text_ends: Integers, longest: int
) -> tuple[Integers, Integers, Integers]:
    """`text.split()` of every text, cut at `longest` code points -> begins (C,), ends (C,), offsets (D + 1,)."""
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
