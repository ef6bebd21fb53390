"""A shuffled gather from a memmap: python memmap_rows.py ROWS.BIN LENGTH"""

import sys
from collections.abc import Iterator

import numpy as np

from benchmarks.clock import Clock
from benchmarks.feed.epoch import SEED, batch_rows, timed


def batches(file: str, length: int, epoch: int) -> Iterator[np.ndarray]:
    """All rows in a random order, each copied out of the map."""
    rows = np.memmap(file, np.uint16, "r").reshape(-1, length)
    order = np.random.default_rng(SEED + epoch).permutation(len(rows))
    size = batch_rows(length)
    return (rows[order[begin : begin + size]] for begin in range(0, len(rows), size))


if __name__ == "__main__":
    clock = Clock("numpy")
    timed(clock, lambda epoch: batches(sys.argv[1], int(sys.argv[2]), epoch))
    clock.say()
