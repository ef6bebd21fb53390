"""Our feed: a process of its own that prints one line of JSON.

    python -m benchmarks.feed.ours LAKE LENGTH [--documents] [--resume]

With `--documents`, each batch also says where documents begin. With `--resume`, only the time to the first batch from
a state in the middle of the epoch.
"""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.clock import Clock
from benchmarks.feed.data import NAME
from benchmarks.feed.epoch import SEED, batch_rows, timed
from training.feed.feed import Feed
from training.feed.opening import open_feed


def main() -> None:
    """Measures, and says what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lake")
    parser.add_argument("length", type=int)
    parser.add_argument("--documents", action="store_true")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    clock = Clock("numpy", "pyarrow", "deltalake")
    if options.resume:
        _resume(clock, options.lake, options.length)
    else:
        timed(clock, lambda epoch: _ids(_opened(options.lake, options.length, SEED + epoch, None, options.documents)))
    clock.say()


def _opened(
    lake: str, length: int, seed: int, state: Mapping[str, Any] | None = None, documents: bool = False
) -> Feed:
    batch = batch_rows(length)
    return open_feed(lake, NAME, batch_size=batch, epochs=1, seed=seed, state=state, documents=documents)


def _ids(feed: Feed) -> Iterator[np.ndarray]:
    """The ids of each batch, after asking for its documents where it knows them."""
    for batch in feed:
        if feed.documents:
            batch.cu_seqlens()
        yield batch.ids


def _resume(clock: Clock, lake: str, length: int) -> None:
    feed = _opened(lake, length, SEED)
    state = feed.state(len(feed) // 2 * batch_rows(length))
    with clock.measure("first_batch"):
        next(iter(_opened(lake, length, SEED, state)))


if __name__ == "__main__":
    main()
