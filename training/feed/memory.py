"""Copies values from where they lie in memory: rows of a batch come from many files and buffers, in one step.

A value is named by its address, so a mapped file, a fetched range and a decoded column are one thing. Who calls must
keep alive what the addresses point into.
"""

import ctypes
from typing import Any, TypeAlias

import numpy as np

Values: TypeAlias = np.ndarray
"""A view of memory in which every byte begins a value: `values[places]` copies the values at these places."""


def address_of(buffer: np.ndarray) -> int:
    """Where a contiguous array begins."""
    return int(buffer.__array_interface__["data"][0])


def values_at(addresses: np.ndarray, dtype: str, counts: np.ndarray | int = 1) -> tuple[Values, np.ndarray]:
    """A view of all memory between the first value and the last, and (n,) the places of the addresses in it.

    At each address are `counts` values, one after another. Only values that are asked for are read.
    """
    size = np.dtype(dtype).itemsize
    if not len(addresses):
        return np.empty(0, dtype), addresses
    low = int(addresses.min())
    whole = int((addresses + size * counts).max()) - low
    memory: Any = (ctypes.c_char * whole).from_address(low)
    return np.ndarray((max(0, whole - size + 1),), dtype, memory, 0, (1,)), addresses - low


def gather(addresses: np.ndarray, dtype: str) -> np.ndarray:
    """(n,) int64 addresses -> (n,) the values there."""
    values, places = values_at(addresses, dtype)
    return values[places]


def gather_lists(addresses: np.ndarray, counts: np.ndarray, dtype: str) -> np.ndarray:
    """(n,) addresses of the first value of each list, and (n,) how many it has -> (sum of counts,) all values."""
    return gather(spans(addresses, counts, np.dtype(dtype).itemsize), dtype)


def spans(starts: np.ndarray, counts: np.ndarray, step: int = 1) -> np.ndarray:
    """(n,) starts and (n,) counts -> (sum of counts,): `starts[0], starts[0] + step, …, starts[1], …`."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - step * before, counts) + step * np.arange(int(counts.sum()))
