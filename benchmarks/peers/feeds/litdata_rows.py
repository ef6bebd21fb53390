"""litdata's StreamingDataset with TokensLoader, shuffled: python litdata_rows.py FOLDER LENGTH"""

import sys
from collections.abc import Iterator

import numpy as np
from litdata import StreamingDataset, TokensLoader

from benchmarks.clock import Clock
from benchmarks.feed.epoch import SEED, batch_rows, stacked, timed


def batches(folder: str, length: int, epoch: int) -> Iterator[np.ndarray]:
    """All rows in the library's shuffled order."""
    rows = StreamingDataset(folder, item_loader=TokensLoader(block_size=length), shuffle=True, seed=SEED + epoch)
    return stacked((row.numpy() for row in rows), batch_rows(length))


if __name__ == "__main__":
    clock = Clock("litdata")
    timed(clock, lambda epoch: batches(sys.argv[1], int(sys.argv[2]), epoch))
    clock.say()
