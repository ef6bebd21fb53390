"""XXH64 with seed 0 in a compiled kernel: one hash per byte range of a shared buffer.

Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md (XXH64).
"""

import numpy as np
import xxhash
from numba import njit

from pipelines.kernels.arrays import Bytes, Hashes, Integers
from pipelines.kernels.unaligned import load_32, load_64
from pipelines.reference import uses_library

_P1 = np.uint64(0x9E3779B185EBCA87)
_P2 = np.uint64(0xC2B2AE3D27D4EB4F)
_P3 = np.uint64(0x165667B19E3779F9)
_P4 = np.uint64(0x85EBCA77C2B2AE63)
_P5 = np.uint64(0x27D4EB2F165667C5)
_BITS = np.uint64(64)
_ZERO = np.uint64(0)


@njit(cache=True)
def _rotate(word: np.uint64, bits: int) -> np.uint64:
    return (word << np.uint64(bits)) | (word >> (_BITS - np.uint64(bits)))


@njit(cache=True)
def _round(accumulator: np.uint64, lane: np.uint64) -> np.uint64:
    return _rotate(accumulator + lane * _P2, 31) * _P1


@njit(cache=True)
def _merge(accumulator: np.uint64, lane: np.uint64) -> np.uint64:
    return (accumulator ^ _round(_ZERO, lane)) * _P1 + _P4


@njit(cache=True)
def _stripes(buffer: Bytes, start: int, end: int) -> tuple[np.uint64, int]:
    """The four lanes over all whole 32-byte stripes, merged into one accumulator."""
    lane_1, lane_2, lane_3, lane_4 = _P1 + _P2, _P2, _ZERO, _ZERO - _P1
    while start + 32 <= end:
        lane_1 = _round(lane_1, load_64(buffer, start))
        lane_2 = _round(lane_2, load_64(buffer, start + 8))
        lane_3 = _round(lane_3, load_64(buffer, start + 16))
        lane_4 = _round(lane_4, load_64(buffer, start + 24))
        start += 32
    merged = _rotate(lane_1, 1) + _rotate(lane_2, 7) + _rotate(lane_3, 12) + _rotate(lane_4, 18)
    return _merge(_merge(_merge(_merge(merged, lane_1), lane_2), lane_3), lane_4), start


@njit(cache=True)
def _hash(buffer: Bytes, start: int, end: int) -> np.uint64:
    size = np.uint64(end - start)
    accumulator = _P5
    if end - start >= 32:
        accumulator, start = _stripes(buffer, start, end)
    accumulator += size
    while start + 8 <= end:
        accumulator = _rotate(accumulator ^ _round(_ZERO, load_64(buffer, start)), 27) * _P1 + _P4
        start += 8
    if start + 4 <= end:
        accumulator = _rotate(accumulator ^ (load_32(buffer, start) * _P1), 23) * _P2 + _P3
        start += 4
    while start < end:
        accumulator = _rotate(accumulator ^ (np.uint64(buffer[start]) * _P5), 11) * _P1
        start += 1
    accumulator = (accumulator ^ (accumulator >> np.uint64(33))) * _P2
    accumulator = (accumulator ^ (accumulator >> np.uint64(29))) * _P3
    return accumulator ^ (accumulator >> np.uint64(32))


def hash_ranges(buffer: Bytes, starts: Integers, ends: Integers) -> Hashes:
    """XXH64 of `buffer[starts[i]:ends[i]]` for each of the N ranges, (N,); ranges may overlap."""
    if uses_library("xxhash"):
        view = memoryview(buffer.data)
        bounds = zip(starts.tolist(), ends.tolist(), strict=True)
        return np.array([xxhash.xxh64_intdigest(view[start:end]) for start, end in bounds], np.uint64)
    return _hash_ranges(buffer, starts, ends)


@njit(cache=True)
def _hash_ranges(buffer: Bytes, starts: Integers, ends: Integers) -> Hashes:
    hashes = np.empty(len(starts), np.uint64)
    for i in range(len(starts)):
        hashes[i] = _hash(buffer, starts[i], ends[i])
    return hashes
