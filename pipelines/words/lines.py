"""Lines and paragraphs of a batch of texts, in each of the ways that the published rules split them.

Shapes: D documents, L lines.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.kernels.arrays import Bytes, Integers, Truths
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.hashing import hash_bytes, same_bytes, table_size
from pipelines.kernels.utf8 import (
    MAY_BEGIN_LINE_BREAK,
    code_point_counts,
    line_break_width,
    skip_spaces,
    skip_spaces_back,
)

# The last bytes of line breaks, whose number bounds the number of lines.
_NEWLINE = np.arange(256) == 10
_LAST_OF_LINE_BREAK = np.zeros(256, np.bool_)
_LAST_OF_LINE_BREAK[[*range(10, 14), 28, 29, 30, 0x85, 0xA8, 0xA9]] = True


@dataclass(frozen=True, slots=True)
class Lines:
    """Line l is the bytes `begins[l]:ends[l]` of its batch; document d has the lines `offsets[d]:offsets[d + 1]`."""

    begins: Integers  # (L,)
    ends: Integers  # (L,)
    offsets: Integers  # (D + 1,)

    @property
    def counts(self) -> Integers:
        """Lines per document, (D,)."""
        return np.diff(self.offsets)

    def total(self, per_line: npt.NDArray) -> Integers:
        """Sums (L,) numbers or truths per document, (D,)."""
        through = np.concatenate([np.zeros(1, np.int64), np.cumsum(per_line, dtype=np.int64)])
        return through[self.offsets[1:]] - through[self.offsets[:-1]]

    def where(self, wanted: Truths) -> "Lines":
        """The lines for which `wanted` (L,) is true."""
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.total(wanted))])
        return Lines(self.begins[wanted], self.ends[wanted], offsets)


def stripped(texts: TextBatch) -> TextBatch:
    """`text.strip()` of every text."""
    return TextBatch(texts.data, *_strip(texts.data, texts.begins, texts.ends))


def paragraphs(texts: TextBatch) -> Lines:
    r"""`re.split(r"\n{2,}", text.strip())` of every text."""
    return _at_newlines(stripped(texts), 2)


def lines_between_newline_runs(texts: TextBatch) -> Lines:
    r"""`re.split(r"\n+", text)` of every text."""
    return _at_newlines(texts, 1)


def newlines(texts: TextBatch) -> Integers:
    r"""`text.count("\n")` of every text, (D,)."""
    return _newlines(texts.data, texts.begins, texts.ends)


def splitlines(texts: TextBatch) -> Lines:
    """`text.splitlines()` of every text."""
    capacity = _count_bytes(_LAST_OF_LINE_BREAK, texts.data, texts.begins, texts.ends) + len(texts)
    begins, ends, offsets = _splitlines(texts.data, texts.begins, texts.ends, capacity)
    return Lines(begins, ends, offsets)


def not_blank(texts: TextBatch, lines: Lines) -> Truths:
    """Which lines are not blank, (L,)."""
    return _not_blank(texts.data, lines.begins, lines.ends)


def characters(texts: TextBatch, lines: Lines) -> Integers:
    """Code points of every line, (L,)."""
    return code_point_counts(texts.data, lines.begins, lines.ends)


def repeats(texts: TextBatch, lines: Lines) -> Truths:
    """Which lines stood earlier in their document, (L,)."""
    return _repeats(texts.data, lines.begins, lines.ends, lines.offsets)


@dataclass(frozen=True, slots=True)
class CountedTexts:
    """Texts, and what several rules count in them."""

    texts: TextBatch
    characters: Integers  # (D,) code points
    lines: Lines  # between runs of newlines
    repeated: Truths  # (L,) which of these lines stood earlier in their text

    @classmethod
    def of(cls, texts: TextBatch) -> Self:
        lines = lines_between_newline_runs(texts)
        counts = code_point_counts(texts.data, texts.begins, texts.ends)
        return cls(texts, counts, lines, repeats(texts, lines))


def _at_newlines(texts: TextBatch, least: int) -> Lines:
    capacity = _count_bytes(_NEWLINE, texts.data, texts.begins, texts.ends) + len(texts)
    return Lines(*_split_at_newlines(texts.data, texts.begins, texts.ends, least, capacity))


@njit(cache=True)
def _count_bytes(members: Truths, data: Bytes, begins: Integers, ends: Integers) -> int:
    """Bytes of the texts that are in a set (256,). The buffer may be much larger than the texts."""
    count = 0
    for d in range(len(begins)):
        for position in range(begins[d], ends[d]):
            count += members[data[position]]
    return count


@njit(cache=True)
def _newlines(data: Bytes, begins: Integers, ends: Integers) -> Integers:
    counts = np.zeros(len(begins), np.int64)
    for d in range(len(begins)):
        for position in range(begins[d], ends[d]):
            counts[d] += data[position] == 10
    return counts


@njit(cache=True)
def _split_at_newlines(
    data: Bytes, text_begins: Integers, text_ends: Integers, least: int, capacity: int
) -> tuple[Integers, Integers, Integers]:
    """Splits at runs of newlines that are at least `least` long."""
    begins, ends = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    offsets = np.zeros(len(text_begins) + 1, np.int64)
    count = 0
    for d in range(len(text_begins)):
        begin, end = text_begins[d], text_ends[d]
        position = begin
        while position < end:
            if data[position] != 10:
                position += 1
                continue
            after = position + 1
            while after < end and data[after] == 10:
                after += 1
            if after - position >= least:
                begins[count], ends[count] = begin, position
                count += 1
                begin = after
            position = after
        begins[count], ends[count] = begin, end
        count += 1
        offsets[d + 1] = count
    return begins[:count].copy(), ends[:count].copy(), offsets


@njit(cache=True)
def _splitlines(
    data: Bytes, text_begins: Integers, text_ends: Integers, capacity: int
) -> tuple[Integers, Integers, Integers]:
    begins, ends = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    offsets = np.zeros(len(text_begins) + 1, np.int64)
    count = 0
    for d in range(len(text_begins)):
        begin, end = text_begins[d], text_ends[d]
        position = begin
        while position < end:
            width = line_break_width(data, position, end) if MAY_BEGIN_LINE_BREAK[data[position]] else 0
            if width:
                begins[count], ends[count] = begin, position
                count += 1
                begin = position + width
            position += max(width, 1)
        if begin < end:
            begins[count], ends[count] = begin, end
            count += 1
        offsets[d + 1] = count
    return begins[:count].copy(), ends[:count].copy(), offsets


@njit(cache=True)
def _strip(data: Bytes, begins: Integers, ends: Integers) -> tuple[Integers, Integers]:
    stripped_begins, stripped_ends = np.empty_like(begins), np.empty_like(ends)
    for i in range(len(begins)):
        stripped_begins[i] = skip_spaces(data, begins[i], ends[i])
        stripped_ends[i] = skip_spaces_back(data, stripped_begins[i], ends[i])
    return stripped_begins, stripped_ends


@njit(cache=True)
def _not_blank(data: Bytes, begins: Integers, ends: Integers) -> Truths:
    found = np.empty(len(begins), np.bool_)
    for i in range(len(begins)):
        found[i] = skip_spaces(data, begins[i], ends[i]) < ends[i]
    return found


@njit(cache=True)
def _repeats(data: Bytes, begins: Integers, ends: Integers, offsets: Integers) -> Truths:
    documents = len(offsets) - 1
    found = np.zeros(len(begins), np.bool_)
    most = 1
    for d in range(documents):
        most = max(most, offsets[d + 1] - offsets[d])
    hashes = np.empty(most, np.uint64)
    table = np.empty(table_size(most), np.int64)
    for d in range(documents):
        first, lines = offsets[d], offsets[d + 1] - offsets[d]
        slots = table_size(lines)
        table[:slots] = -1
        for i in range(lines):
            begin, end = begins[first + i], ends[first + i]
            hashes[i] = hash_bytes(data, begin, end)
            slot = np.int64(hashes[i] & np.uint64(slots - 1))
            while table[slot] >= 0:
                other = table[slot]
                if (
                    hashes[other] == hashes[i]
                    and ends[first + other] - begins[first + other] == end - begin
                    and same_bytes(data, begins[first + other], data, begin, end - begin)
                ):
                    found[first + i] = True
                    break
                slot = (slot + 1) & (slots - 1)
            else:
                table[slot] = i
    return found
