"""Times an epoch of any feed of rows. Needs numpy alone, for it runs in the peers' environment too.

A feed is a function of the epoch that gives batches: arrays of (B, L) ids.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clock import Clock

BATCH_TOKENS = 16_384
"""Tokens of a batch, however long its rows are: what a GPU takes at once of a small model."""

SEED = 7

Open = Callable[[int], Iterator[Any]]


def batch_rows(length: int) -> int:
    """Rows of a batch of rows of `length` ids."""
    return max(1, BATCH_TOKENS // length)


def timed(clock: Clock, open_epoch: Open) -> None:
    """Measures the time to the first batch of epoch 0, and the rest of it; then counts and sums the ids of epoch 1.

    The sum tells whether all feeds give the same rows. It is not in the time, for it takes as long as a fast feed.
    """
    with clock.measure("first_batch") as done:
        batches = open_epoch(0)
        next(batches)
        done["since_start"] = seconds_since_start()
    tokens = 0
    with clock.measure("epoch") as done:
        for batch in batches:
            tokens += batch.size
        done["tokens"] = tokens
    with clock.measure("check") as done:
        done["rows"], done["sum"] = _summed(open_epoch(1))


def _summed(batches: Iterator[Any]) -> tuple[int, int]:
    rows = total = 0
    for batch in batches:
        rows += len(batch)
        total += int(batch.sum(dtype=np.uint64))
    return rows, total


def seconds_since_start() -> float:
    """Seconds since this process began, imports included (proc(5), field 22 of /proc/PID/stat)."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(") ")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def stacked(rows: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Batches of `size` single rows, which a library gives one at a time."""
    held: list[np.ndarray] = []
    for row in rows:
        held.append(row)
        if len(held) == size:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)
