"""A hash table that numbers byte strings in order of first occurrence.

Shapes: B bytes, C strings of a batch, K strings known.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes, Hashes, Ids, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.hashing import hash_bytes, same_bytes


class Table(NamedTuple):
    """Open addressing over concatenated byte strings."""

    slots: Ids  # (power of two,), at most half full; -1 is free
    hashes: Hashes
    offsets: Integers
    data: Bytes


class ByteStrings:
    """Byte strings with their numbers."""

    def __init__(self) -> None:
        self._slots = np.full(1 << 12, -1, np.int32)
        self._hashes = np.empty(1 << 11, np.uint64)
        self._offsets = np.zeros((1 << 11) + 1, np.int64)
        self._bytes = np.empty(1 << 14, np.uint8)
        self._known = 0

    def __len__(self) -> int:
        return self._known

    @property
    def nbytes(self) -> int:
        """Bytes of all strings known."""
        return int(self._offsets[self._known])

    def ids(self, data: Bytes, begins: Integers, ends: Integers) -> Ids:
        """The number of each string `data[begins[c]:ends[c]]`, (C,); unknown strings get the next free numbers."""
        ids = np.empty(len(begins), np.int32)
        done = 0
        while True:
            done, self._known = _look_up(data, begins, ends, ids, done, *self.table, self._known)
            if done == len(ids):
                return ids
            self._grow(int(ends[done] - begins[done]))

    def find(self, data: Bytes, begins: Integers, ends: Integers) -> Ids:
        """The number of each string `data[begins[c]:ends[c]]`, (C,); -1 for unknown ones."""
        return _find_all(self.table, data, begins, ends)

    @property
    def table(self) -> Table:
        """The current table, for `find` in kernels."""
        return Table(self._slots, self._hashes, self._offsets, self._bytes)

    def texts(self, first: int = 0) -> TextBatch:
        """The strings from number `first` on; later additions do not change them."""
        return TextBatch(self._bytes, self._offsets[first : self._known], self._offsets[first + 1 : self._known + 1])

    def _grow(self, length: int) -> None:
        """Makes room for one more string of `length` bytes, doubling the arrays."""
        if self.nbytes + length > len(self._bytes):
            self._bytes = np.concatenate([self._bytes, np.empty(len(self._bytes) + length, np.uint8)])
        if 2 * (self._known + 1) > len(self._slots):
            self._hashes = np.concatenate([self._hashes, np.empty_like(self._hashes)])
            self._offsets = np.concatenate([self._offsets, np.empty_like(self._offsets[:-1])])
            self._slots = _rehash(self._hashes[: self._known], 2 * len(self._slots))


@njit(cache=True, _nrt=False)
def find(table: Table, data: Bytes, begin: int, end: int) -> int:
    """The number of the string `data[begin:end]`; -1 when it is not known."""
    length = end - begin
    mask = np.int64(len(table.slots) - 1)
    key = hash_bytes(data, begin, end)
    slot = np.int64(key) & mask
    while table.slots[slot] >= 0:
        other = table.slots[slot]
        start = table.offsets[other]
        same_length = table.offsets[other + 1] - start == length
        if table.hashes[other] == key and same_length and same_bytes(table.data, start, data, begin, length):
            return int(other)
        slot = (slot + 1) & mask
    return -1


@njit(cache=True)
def _look_up(
    data: Bytes,
    begins: Integers,
    ends: Integers,
    ids: Ids,
    done: int,
    slots: Ids,
    hashes: Hashes,
    offsets: Integers,
    known_bytes: Bytes,
    known: int,
) -> tuple[int, int]:
    """Fills `ids` from `done` on; stops when the tables are full -> (strings done, strings known)."""
    mask = np.int64(len(slots) - 1)
    for i in range(done, len(begins)):
        begin, length = begins[i], ends[i] - begins[i]
        key = hash_bytes(data, begin, ends[i])
        slot = np.int64(key) & mask
        while True:
            other = slots[slot]
            if other < 0:
                start = offsets[known]
                if 2 * (known + 1) > len(slots) or start + length > len(known_bytes):
                    return i, known
                for j in range(length):
                    known_bytes[start + j] = data[begin + j]
                hashes[known] = key
                offsets[known + 1] = start + length
                slots[slot] = known
                ids[i] = known
                known += 1
                break
            if (
                hashes[other] == key
                and offsets[other + 1] - offsets[other] == length
                and same_bytes(known_bytes, offsets[other], data, begin, length)
            ):
                ids[i] = other
                break
            slot = (slot + 1) & mask
    return len(begins), known


@njit(cache=True)
def _find_all(table: Table, data: Bytes, begins: Integers, ends: Integers) -> Ids:
    numbers = np.empty(len(begins), np.int32)
    for i in range(len(begins)):
        numbers[i] = find(table, data, begins[i], ends[i])
    return numbers


@njit(cache=True)
def _rehash(hashes: Hashes, size: int) -> Ids:
    slots = np.full(size, -1, np.int32)
    for number in range(len(hashes)):
        slot = np.int64(hashes[number]) & np.int64(size - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & np.int64(size - 1)
        slots[slot] = number
    return slots
