"""MosaicML Streaming's StreamingDataset, shuffled: python streaming_rows.py FOLDER"""

import sys
from collections.abc import Iterator

import numpy as np
from streaming import StreamingDataset
from streaming.base.util import clean_stale_shared_memory

from benchmarks.clock import Clock
from benchmarks.feed.epoch import BATCH, SEED, stacked, timed


def batches(folder: str, epoch: int) -> Iterator[np.ndarray]:
    """All rows in the library's shuffled order."""
    rows = StreamingDataset(local=folder, split="train", shuffle=True, shuffle_seed=SEED + epoch, batch_size=BATCH)
    return stacked(row["ids"] for row in rows)


if __name__ == "__main__":
    clean_stale_shared_memory()
    clock = Clock("mosaicml-streaming")
    timed(clock, lambda epoch: batches(sys.argv[1], epoch))
    clock.say()
