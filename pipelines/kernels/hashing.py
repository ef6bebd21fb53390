"""Hashes for hash tables in kernels. No result depends on a hash value, because tables compare the bytes too."""

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes


@njit(cache=True)
def same_bytes(left: Bytes, left_begin: int, right: Bytes, right_begin: int, length: int) -> bool:
    """Whether `length` bytes at two places are equal."""
    i = 0
    while i < length and left[left_begin + i] == right[right_begin + i]:
        i += 1
    return i == length


@njit(cache=True)
def hash_bytes(data: Bytes, begin: int, end: int) -> np.uint64:
    """FNV-1a (64 bit), then `mix`: for hash tables that compare the bytes themselves afterwards."""
    state = np.uint64(0xCBF29CE484222325)
    for position in range(begin, end):
        state = (state ^ np.uint64(data[position])) * np.uint64(0x100000001B3)
    return mix(state)


@njit(cache=True)
def mix(state: np.uint64) -> np.uint64:
    """Finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input reaches every bit of the output."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@njit(cache=True)
def table_size(items: int) -> int:
    """Slots of a hash table for `items` keys: a power of two, at most half of it filled."""
    size = 4
    while size < 2 * items:
        size *= 2
    return size
