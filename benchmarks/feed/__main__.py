"""The feed beside a shuffled memmap, MosaicML Streaming and litdata: the same rows, one core each, one run.

    python -m benchmarks.feed [--rows S] [--length L] [--write]

Exit status 1 if one failed, or if a feed gave other rows than the table holds.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.corpus import cache_folder
from benchmarks.environments import peer
from benchmarks.feed.data import Data, make
from benchmarks.process import REPOSITORY, run
from benchmarks.results import Found, Row

PAGE = REPOSITORY / "docs" / "benchmarks.md"
ROWS, LENGTH = 49_152, 2_048
GOALS = {"numpy.memmap": 1.0, "MosaicML Streaming": 100.0, "litdata": 10.0}
"""Peer -> how many times its tokens ours is to give in the same CPU time."""

FIRST_BATCH = 1.0
"""Seconds that the first batch may take, from an opened process; the same for a resume."""


class OtherRowsError(RuntimeError):
    """A feed did not give the rows of the table, each once."""


def feed(data: Data, cache: Path) -> Found:
    """The feed: rows of token ids into training, one core.

    Batches of 8 rows of ids in memory, as numpy arrays, all rows of the table in a shuffled order, the files in the
    page cache. Tokens are for each second of CPU time of the process, its threads included, from the second batch
    of an epoch to its last. The first batch is in seconds from the call that opens the feed, in a process that has
    imported what it needs. Ours reads the Delta table; the others read copies: a memmap of all rows and a
    permutation in memory, MDS shards as `tokenlake export` writes them (`StreamingDataset`, shuffle `py1e`), and
    litdata's chunks of tokens (`StreamingDataset` with `TokensLoader`). Every feed's second epoch is counted and
    summed: the same rows, each once.
    """
    module = [sys.executable, "-m", "benchmarks.feed.ours", data.lake]
    ours = run(module, 1).said()
    resumed = run([*module, "--resume"], 1).said()
    said = {
        "numpy.memmap": peer("feeds", "memmap_rows.py", cache, 1, data.flat, data.length).said(),
        "litdata": peer("feeds", "litdata_rows.py", cache, 1, data.litdata, data.length).said(),
        "MosaicML Streaming": peer("feeds", "streaming_rows.py", cache, 1, data.mds).said(),
    }
    _require_same(data, {"ours": ours, **said})
    found = Found(versions={name: number for one in said.values() for name, number in one["versions"].items()})
    for name, goal in GOALS.items():
        what = f"{data.tokens / 1e6:,.0f} M tokens, an epoch"
        found.rows.append(Row(what, "M tokens/s", _rate(ours), _rate(said[name]), name, goal))
    for name in GOALS:
        theirs = _first(said[name])
        found.rows.append(Row("first batch", "s", _first(ours), theirs, name, lower_is_better=True))
    found.rows.append(Row("first batch, beside the goal", "s", _first(ours), goal=FIRST_BATCH))
    found.rows.append(
        Row("first batch of a resume in the middle of the epoch", "s", _first(resumed), goal=FIRST_BATCH)
    )
    return found


def _rate(said: dict[str, Any]) -> float:
    done = said["measured"]["epoch"]
    return float(done["tokens"] / done["cpu_seconds"] / 1e6)


def _first(said: dict[str, Any]) -> float:
    return float(said["measured"]["first_batch"]["seconds"])


def _require_same(data: Data, said: dict[str, dict[str, Any]]) -> None:
    """Requires that all feeds gave the rows of the table.

    Raises:
        OtherRowsError: one did not.
    """
    sums = {name: (one["measured"]["check"]["rows"], one["measured"]["check"]["sum"]) for name, one in said.items()}
    if len(set(sums.values())) != 1 or sums["ours"][0] != data.rows:
        raise OtherRowsError(f"(rows, sum of ids) of the feeds, of {data.rows:,} rows: {sums}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the rows, measures, prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feed", description="The feed beside others.")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"of the table (default: {ROWS:,})")
    parser.add_argument("--length", type=int, default=LENGTH, help=f"tokens of a row (default: {LENGTH:,})")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.relative_to(REPOSITORY)}")
    options = parser.parse_args(arguments)
    cache = cache_folder()
    data = make(cache / "feed", cache, options.rows, options.length)
    started = time.perf_counter()
    found = feed(data, cache)
    text = results.outcome("feed", feed, found, round(time.perf_counter() - started, 1)).markdown()
    print(text)
    if options.write:
        results.write(PAGE, "feed", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
