"""The feed beside a shuffled memmap, MosaicML Streaming and litdata: the same rows, one core each, one run.

    python -m benchmarks.feed [--tokens T] [--lengths L …] [--bucket] [--write]

Exit status 1 if one failed, or if a feed gave other rows than the table holds.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.corpus import cache_folder
from benchmarks.environments import peer
from benchmarks.feed.bucket import in_a_bucket
from benchmarks.feed.data import Data, make
from benchmarks.feed.epoch import batch_rows
from benchmarks.process import REPOSITORY, Finished, run
from benchmarks.results import Found, Row

PAGE = REPOSITORY / "docs" / "benchmarks.md"
TOKENS, LENGTHS = 100_000_000, (512, 2_048)
OURS, GATHER = "ours", "numpy.memmap, one gather"
GOALS = {
    "numpy.memmap, row by row": 1.0,
    GATHER: 1.0,
    "MosaicML Streaming": 100.0,
    "litdata": 10.0,
}
"""Peer -> how many times its tokens ours is to give in the same CPU time."""

ROUNDS = 3
ONCE = ("MosaicML Streaming",)  # measured in the first round alone: an epoch of it takes most of a minute

Said = dict[str, Any]
"""What a feed's process has said of itself."""

FIRST_BATCH = 1.0
"""Seconds that the first batch may take, from the call that opens the feed; the same for a resume."""

FIRST_BATCH_OF_A_BUCKET = 3.0


class OtherRowsError(RuntimeError):
    """A feed did not give the rows of the table, each once."""


def feed(tables: Sequence[Data], cache: Path, bucket: bool) -> Found:
    """The feed: rows of token ids into training, one core.

    Batches of 16,384 ids in memory, as numpy arrays, all rows of the table in a shuffled order, the files in the
    page cache. Tokens are for each second of CPU time of the process, its threads included, from the second batch
    of an epoch to its last. The first batch is in seconds from the call that opens the feed; from the start of the
    process, Python's imports are included. Figures are those of the middle of three rounds in which the feeds take
    turns; MosaicML Streaming has one. Ours reads the Delta table, ids alone (`documents=False`), as the others give
    ids alone; one row tells what it costs to ask each batch for `cu_seqlens`. The others read copies: a memmap of all
    rows and a permutation in memory, taken row by row as nanoGPT's loop does, or a batch at once with an index array,
    which gives ids and no boundaries of documents; MDS shards as `tokenlake export` writes them (`StreamingDataset`,
    shuffle `py1e`), and litdata's chunks of tokens (`StreamingDataset` with `TokensLoader`). Every feed's second
    epoch is counted and summed: the same rows, each once.
    """
    found = Found()
    for data in tables:
        _measure(data, cache, found)
        if bucket:
            _measure_in_a_bucket(data, found)
    return found


def _measure(data: Data, cache: Path, found: Found) -> None:
    """The figures of one table."""
    module = [sys.executable, "-m", "benchmarks.feed.ours", data.lake, data.length]

    def memmap(how: str) -> Finished:
        return peer("feeds", "memmap_rows.py", cache, 1, data.flat, data.length, how)

    feeds: dict[str, Callable[[], Finished]] = {
        OURS: lambda: run(module, 1),
        "numpy.memmap, row by row": lambda: memmap("rows"),
        GATHER: lambda: memmap("gather"),
        "litdata": lambda: peer("feeds", "litdata_rows.py", cache, 1, data.litdata, data.length),
        "MosaicML Streaming": lambda: peer("feeds", "streaming_rows.py", cache, 1, data.mds, data.length),
    }
    said: dict[str, list[Said]] = {name: [] for name in feeds}
    for number in range(ROUNDS):
        for name, measured in feeds.items():
            if number == 0 or name not in ONCE:
                said[name].append(measured().said())
    resumed, aware = ([run([*module, more], 1).said() for _ in range(ROUNDS)] for more in ("--resume", "--documents"))
    _require_same(data, said)
    found.versions.update({name: number for one in said.values() for name, number in one[0]["versions"].items()})
    table = f"{data.tokens / 1e6:,.0f} M tokens in rows of {data.length:,}"
    for name, goal in GOALS.items():
        rates = _middle(said[OURS], _rate), _middle(said[name], _rate)
        found.rows.append(Row(f"{table}: an epoch", "M tokens/s", *rates, name, goal))
    rates = _middle(aware, _rate), _middle(said[GATHER], _rate)
    found.rows.append(Row(f"{table}: an epoch, ours with cu_seqlens of each batch", "M tokens/s", *rates, GATHER))
    for name in GOALS:
        both = _middle(said[OURS], _since_start), _middle(said[name], _since_start)
        found.rows.append(Row(f"{table}: process start to first batch", "s", *both, name, lower_is_better=True))
    for what, ours in (
        ("first batch", said[OURS]),
        ("first batch of a resume in mid-epoch", resumed),
    ):
        found.rows.append(Row(f"{table}: {what}", "s", _middle(ours, _first), goal=FIRST_BATCH))


def _measure_in_a_bucket(data: Data, found: Found) -> None:
    """Start and resume of ours where the table lies on an object store, without a network."""
    table = f"{data.tokens / 1e6:,.0f} M tokens in rows of {data.length:,}, in a bucket"
    with in_a_bucket(data.lake) as (lake, environment):
        module = [sys.executable, "-m", "benchmarks.feed.ours", lake, data.length]
        for what, options in (("first batch", []), ("first batch of a resume in mid-epoch", ["--resume"])):
            said = [run([*module, *options], 1, environment).said() for _ in range(ROUNDS)]
            found.rows.append(Row(f"{table}: {what}", "s", _middle(said, _first), goal=FIRST_BATCH_OF_A_BUCKET))


def _rows(tokens: int, length: int) -> int:
    """Rows of about so many tokens that fill batches, so that no feed has to drop any."""
    batch = batch_rows(length)
    return max(1, tokens // length // batch) * batch


def _middle(said: Sequence[Said], figure: Callable[[Said], float]) -> float:
    """The figure of the middle round."""
    return sorted(map(figure, said))[len(said) // 2]


def _rate(said: Said) -> float:
    done = said["measured"]["epoch"]
    return float(done["tokens"] / done["cpu_seconds"] / 1e6)


def _first(said: Said) -> float:
    return float(said["measured"]["first_batch"]["seconds"])


def _since_start(said: Said) -> float:
    return float(said["measured"]["first_batch"]["since_start"])


def _require_same(data: Data, said: Mapping[str, Sequence[Said]]) -> None:
    """Requires that all feeds gave the rows of the table.

    Raises:
        OtherRowsError: one did not.
    """
    checks = {name: [one["measured"]["check"] for one in rounds] for name, rounds in said.items()}
    sums = {name: {(check["rows"], check["sum"]) for check in each} for name, each in checks.items()}
    if len(set.union(*sums.values())) != 1 or {rows for rows, _ in sums[OURS]} != {data.rows}:
        raise OtherRowsError(f"(rows, sum of ids) of the feeds, of {data.rows:,} rows: {sums}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the rows, measures, prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feed", description="The feed beside others.")
    parser.add_argument("--tokens", type=int, default=TOKENS, help=f"of a table, about (default: {TOKENS:,})")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS, help="tokens of a row, one table each")
    parser.add_argument("--bucket", action="store_true", help="also from a bucket of an S3 server on this machine")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.relative_to(REPOSITORY)}")
    options = parser.parse_args(arguments)
    cache = cache_folder()
    folder = cache / "feed"
    tables = [make(folder / str(each), cache, _rows(options.tokens, each), each) for each in options.lengths]
    started = time.perf_counter()
    found = feed(tables, cache, options.bucket)
    text = results.outcome("feed", feed, found, round(time.perf_counter() - started, 1)).markdown()
    print(text)
    if options.write:
        results.write(PAGE, "feed", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
