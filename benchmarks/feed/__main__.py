"""The feed beside a shuffled memmap, MosaicML Streaming and litdata: the same rows, one core each, one run.

    python -m benchmarks.feed [--tokens T] [--lengths L …] [--write]

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
from benchmarks.feed.epoch import BATCH
from benchmarks.process import REPOSITORY, run
from benchmarks.results import Found, Row

PAGE = REPOSITORY / "docs" / "benchmarks.md"
TOKENS, LENGTHS = 100_000_000, (512, 2_048)
GOALS = {"numpy.memmap": 1.0, "MosaicML Streaming": 100.0, "litdata": 10.0}
"""Peer -> how many times its tokens ours is to give in the same CPU time."""

FIRST_BATCH = 1.0
"""Seconds that the first batch may take, from an opened process; the same for a resume."""


class OtherRowsError(RuntimeError):
    """A feed did not give the rows of the table, each once."""


def feed(tables: Sequence[Data], cache: Path) -> Found:
    """The feed: rows of token ids into training, one core.

    Batches of 8 rows of ids in memory, as numpy arrays, all rows of the table in a shuffled order, the files in the
    page cache. Tokens are for each second of CPU time of the process, its threads included, from the second batch
    of an epoch to its last. The first batch is in seconds from the call that opens the feed, in a process that has
    imported what it needs. Ours reads the Delta table; the others read copies: a memmap of all rows and a
    permutation in memory, MDS shards as `tokenlake export` writes them (`StreamingDataset`, shuffle `py1e`), and
    litdata's chunks of tokens (`StreamingDataset` with `TokensLoader`). Every feed's second epoch is counted and
    summed: the same rows, each once.
    """
    found = Found()
    for data in tables:
        _measure(data, cache, found)
    return found


def _measure(data: Data, cache: Path, found: Found) -> None:
    """The figures of one table."""
    module = [sys.executable, "-m", "benchmarks.feed.ours", data.lake]
    ours = run(module, 1).said()
    resumed = run([*module, "--resume"], 1).said()
    said = {
        "numpy.memmap": peer("feeds", "memmap_rows.py", cache, 1, data.flat, data.length).said(),
        "litdata": peer("feeds", "litdata_rows.py", cache, 1, data.litdata, data.length).said(),
        "MosaicML Streaming": peer("feeds", "streaming_rows.py", cache, 1, data.mds).said(),
    }
    _require_same(data, {"ours": ours, **said})
    found.versions.update({name: number for one in said.values() for name, number in one["versions"].items()})
    rows = f"{data.tokens / 1e6:,.0f} M tokens in rows of {data.length:,}"
    for name, goal in GOALS.items():
        found.rows.append(Row(f"{rows}: an epoch", "M tokens/s", _rate(ours), _rate(said[name]), name, goal))
    for name in GOALS:
        first = f"{rows}: first batch"
        found.rows.append(Row(first, "s", _first(ours), _first(said[name]), name, lower_is_better=True))
    for what, one in (("first batch, beside the goal", ours), ("first batch of a resume in mid-epoch", resumed)):
        found.rows.append(Row(f"{rows}: {what}", "s", _first(one), goal=FIRST_BATCH))


def _rows(tokens: int, length: int) -> int:
    """Rows of about so many tokens that fill batches, so that no feed has to drop any."""
    return max(1, tokens // length // BATCH) * BATCH


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
    parser.add_argument("--tokens", type=int, default=TOKENS, help=f"of a table, about (default: {TOKENS:,})")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS, help="tokens of a row, one table each")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.relative_to(REPOSITORY)}")
    options = parser.parse_args(arguments)
    cache = cache_folder()
    folder = cache / "feed"
    tables = [make(folder / str(each), cache, _rows(options.tokens, each), each) for each in options.lengths]
    started = time.perf_counter()
    found = feed(tables, cache)
    text = results.outcome("feed", feed, found, round(time.perf_counter() - started, 1)).markdown()
    print(text)
    if options.write:
        results.write(PAGE, "feed", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
