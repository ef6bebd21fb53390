"""Cuts texts into segments between pairs of neighbouring characters that `boundaries.py` allows.

Shapes: B bytes, D texts, S segments.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes, Ids, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.utf8 import code_point_at, utf8_width
from pipelines.tokenizer.characters import CLASSES, LETTER, NONE, SOLID, SPACE

# The state before a position: the class of the character there. For white space, FIRST is added if it starts a run
# after other text, LATER if it continues a run; neither at the start of a text or after a character without a class.
FIRST = CLASSES - SPACE
LATER = 2 * FIRST
STATES = CLASSES + LATER

HERE = 1
"""A cut between two characters."""
EARLIER = 2
"""A cut before the first of them, which is white space."""

MOST = 1 << 18
"""Segments returned at a time: bounds memory for texts of any length."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Segment s is the UTF-8 of `data[begins[s]:ends[s]]`, a part of text `rows[s]`; ordered, without gaps."""

    begins: Integers  # (S,)
    ends: Integers  # (S,)
    rows: Ids  # (S,)

    def apart(self, longest: int) -> Iterator["Segments"]:
        """The same segments in order, each that has more bytes than `longest` by itself."""
        first = 0
        for long in (*np.flatnonzero(self.ends - self.begins > longest).tolist(), len(self.begins)):
            for part in (slice(first, long), slice(long, long + 1)):
                if len(self.begins[part]):
                    yield Segments(self.begins[part], self.ends[part], self.rows[part])
            first = long + 1


def cut(texts: TextBatch, classes: Bytes, pairs: Bytes, longest: int) -> Iterator[Segments]:
    """The segments of all texts, in order, at most `MOST` at a time; an empty text has none.

    A segment holds at most `longest` bytes (at least 4). If it has no boundary, it ends after the last
    white space of its second half, else at that length: then one word may get other ids than in the whole text, but
    no text is lost.

    Args:
        texts: D texts.
        classes: (65536,) class of each character of the Basic Multilingual Plane.
        pairs: (STATES, CLASSES) where a text is cut when a character of a class follows a state: HERE, EARLIER, both
            (their sum) or nowhere (0).
        longest: bytes of a segment.
    """
    row, position, before = 0, 0, NONE
    while row < len(texts):
        begins, ends = np.empty(MOST, np.int64), np.empty(MOST, np.int64)
        rows = np.empty(MOST, np.int32)
        count, row, position, before = _cut(
            texts.data, texts.begins, texts.ends, classes, pairs, longest, row, position, before, begins, ends, rows
        )
        yield Segments(begins[:count], ends[:count], rows[:count])


@njit(cache=True)
def _cut(
    data: Bytes,
    text_begins: Integers,
    text_ends: Integers,
    classes: Bytes,
    pairs: Bytes,
    longest: int,
    row: int,
    resume: int,
    before: int,
    begins: Integers,
    ends: Integers,
    rows: Ids,
) -> tuple[int, int, int, int]:
    """Fills the arrays from text `row`, byte `resume` of it -> (segments, row, byte and class to resume from)."""
    count = 0
    while row < len(text_begins) and count + 2 < len(begins):
        end = text_ends[row]
        begin = text_begins[row] + resume
        position, white, before_begin = begin, begin, before
        while position < end and count + 2 < len(begins):
            byte = data[position]
            width = 1 if byte < 0x80 else utf8_width(byte)
            group = classes[byte] if byte < 0x80 else _class_at(data, position, end, width, classes)
            proven = pairs[before, group]
            if proven & EARLIER and position - 1 > begin:
                begins[count], ends[count], rows[count] = begin, position - 1, row
                begin, count, before_begin = position - 1, count + 1, SPACE
            full = position + width - begin > longest
            if (proven & HERE or full) and position > begin:
                stop = position if proven & HERE or white - begin <= longest // 2 else white
                begins[count], ends[count], rows[count] = begin, stop, row
                begin, count, before_begin = stop, count + 1, before if stop == position else SPACE
            if group < SPACE:
                before = group
            else:
                white = position + 1
                before = group + (FIRST if LETTER <= before <= SOLID else LATER if before >= SPACE else 0)
            position += width
        if position < end:
            return count, row, begin - text_begins[row], before_begin
        if end > begin:
            begins[count], ends[count], rows[count] = begin, end, row
            count += 1
        row, resume, before = row + 1, 0, NONE
    return count, row, 0, NONE


@njit(cache=True)
def _class_at(data: Bytes, position: int, end: int, width: int, classes: Bytes) -> int:
    return NONE if width == 4 else int(classes[code_point_at(data, position, end)])
