"""A cache of the ids of segments, so that each distinct one is encoded once.

Shapes: B bytes, S segments of a call, T ids.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from pipelines.kernels.arrays import Bytes, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.byte_strings import ByteStrings
from pipelines.tokenizer.runs import Uint32s, join_runs
from pipelines.tokenizer.width import UINT32

EncodeTexts = Callable[[list[str]], tuple[npt.NDArray[np.unsignedinteger], Integers]]
"""(n,) texts -> the ids of all of them, and how many (n,) each has."""

# At these sizes the cache is emptied, which bounds a worker's memory.
SEGMENT_LIMIT = 1_000_000
BYTE_LIMIT = 32 << 20

LONGEST_REMEMBERED = 64
"""Bytes of the longest cached segments; longer ones, mostly sentences of scripts without spaces, rarely repeat."""
TOGETHER = 1 << 20
"""Characters that one call of the library encodes; it needs about 200 bytes of memory per token."""


class SegmentIds:
    """Looks up the ids of segments, and encodes segments that are not cached.

    The content of the cache does not affect any result.
    """

    def __init__(self, encode_texts: EncodeTexts) -> None:
        self._encode_texts = encode_texts
        self._forget()

    def _forget(self) -> None:
        self._table = ByteStrings()
        self._ids = np.empty(1 << 12, UINT32)  # of all segments, concatenated
        self._offsets = np.zeros(1 << 12, np.int64)  # where the ids of each segment begin
        self._known = 0

    def __call__(self, data: Bytes, begins: Integers, ends: Integers) -> tuple[Uint32s, Integers]:
        """The ids of the segments `data[begins[s]:ends[s]]`.

        Returns:
            ids: (T,) uint32, of all segments in order.
            counts: (S,) how many each segment has.
        """
        if self._known > SEGMENT_LIMIT or self._table.nbytes > BYTE_LIMIT:
            self._forget()
        long = ends - begins > LONGEST_REMEMBERED
        numbers = np.empty(len(begins), np.int32)
        numbers[~long] = self._table.ids(data, begins[~long], ends[~long])
        self._append(self._table.texts(self._known).strings(), self._known)
        self._known = len(self._table)
        numbers[long] = np.arange(self._known, self._known + np.count_nonzero(long))
        self._append(TextBatch(data, begins[long], ends[long]).strings(), self._known)
        first = self._offsets[numbers]
        counts = self._offsets[numbers + 1] - first
        return join_runs(self._ids, first, counts), counts

    def _append(self, segments: list[str], number: int) -> None:
        """Encodes segments and stores them under the numbers from `number` on, overwriting what was there."""
        for together in _groups(segments):
            ids, counts = self._encode_texts(together)
            begin, last = int(self._offsets[number]), number + len(together)
            self._ids = _with_room(self._ids, begin + len(ids))
            self._offsets = _with_room(self._offsets, last + 1)
            self._ids[begin : begin + len(ids)] = ids
            self._offsets[number + 1 : last + 1] = begin + np.cumsum(counts)
            number = last


def _groups(segments: list[str]) -> Iterator[list[str]]:
    """Groups of at most `TOGETHER` characters, or of one segment."""
    group: list[str] = []
    size = 0
    for segment in segments:
        if group and size + len(segment) > TOGETHER:
            yield group
            group, size = [], 0
        group.append(segment)
        size += len(segment)
    if group:
        yield group


def _with_room(array: np.ndarray, size: int) -> np.ndarray:
    """The array, or a copy whose length is the next power of two from `size` on."""
    if size <= len(array):
        return array
    larger = np.empty(1 << (size - 1).bit_length(), array.dtype)
    larger[: len(array)] = array
    return larger
