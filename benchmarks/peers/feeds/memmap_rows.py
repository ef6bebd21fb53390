"""Shuffled rows of a memmap: python memmap_rows.py ROWS.BIN LENGTH gather|rows

`gather` takes a batch with one index array, the least that numpy can do. `rows` takes each row alone and stacks them,
as the loop of nanoGPT does (there each is converted to int64 besides).
"""

import sys
from collections.abc import Iterator

import numpy as np

from benchmarks.clock import Clock
from benchmarks.feed.epoch import SEED, batch_rows, timed


def batches(file: str, length: int, how: str, epoch: int) -> Iterator[np.ndarray]:
    """All rows in a random order, each copied out of the map."""
    rows = np.memmap(file, np.uint16, "r").reshape(-1, length)
    order = np.random.default_rng(SEED + epoch).permutation(len(rows))
    size = batch_rows(length)
    chosen = (order[begin : begin + size] for begin in range(0, len(rows), size))
    if how == "gather":
        return (rows[each] for each in chosen)
    return (np.stack([rows[number] for number in each]) for each in chosen)


if __name__ == "__main__":
    clock = Clock("numpy")
    timed(clock, lambda epoch: batches(sys.argv[1], int(sys.argv[2]), sys.argv[3], epoch))
    clock.say()
