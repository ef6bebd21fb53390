"""Our feed: a process of its own that prints one line of JSON.

    python -m benchmarks.feed.ours LAKE [--resume]

With `--resume`, only the time to the first batch from a state in the middle of the epoch.
"""

import argparse
from collections.abc import Iterator

import numpy as np

from benchmarks.clock import Clock
from benchmarks.feed.data import NAME
from benchmarks.feed.epoch import BATCH, SEED, timed
from training.feed.feed import Feed
from training.feed.opening import open_feed


def main() -> None:
    """Measures, and says what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lake")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    clock = Clock("numpy", "pyarrow", "deltalake")
    if options.resume:
        _resume(clock, options.lake)
    else:
        timed(clock, lambda epoch: _ids(_opened(options.lake, SEED + epoch)))
    clock.say()


def _opened(lake: str, seed: int) -> Feed:
    return open_feed(lake, NAME, batch_size=BATCH, epochs=1, seed=seed)


def _ids(feed: Feed) -> Iterator[np.ndarray]:
    return (batch.ids for batch in feed)


def _resume(clock: Clock, lake: str) -> None:
    feed = _opened(lake, SEED)
    state = feed.state(len(feed) // 2 * BATCH)
    with clock.measure("first_batch"):
        resumed = open_feed(lake, NAME, batch_size=BATCH, epochs=1, seed=SEED, state=state)
        next(iter(resumed))


if __name__ == "__main__":
    main()
