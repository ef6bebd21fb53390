"""MosaicML Streaming's StreamingDataset, shuffled: python streaming_rows.py FOLDER LENGTH"""

import sys
from collections.abc import Iterator

import numpy as np
from streaming import StreamingDataset
from streaming.base.util import clean_stale_shared_memory

from benchmarks.clock import Clock
from benchmarks.feed.epoch import SEED, batch_rows, stacked, timed


def batches(folder: str, length: int, epoch: int) -> Iterator[np.ndarray]:
    """All rows in the library's shuffled order."""
    size = batch_rows(length)
    rows = StreamingDataset(local=folder, split="train", shuffle=True, shuffle_seed=SEED + epoch, batch_size=size)
    return stacked((row["ids"] for row in rows), size)


if __name__ == "__main__":
    clean_stale_shared_memory()
    clock = Clock("mosaicml-streaming")
    timed(clock, lambda epoch: batches(sys.argv[1], int(sys.argv[2]), epoch))
    clock.say()
