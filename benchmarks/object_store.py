"""A lake in a bucket beside one in a folder: the same run, the same machine, a real S3 server on loopback.

    PYTHONPATH=tests/s3:. python -m benchmarks.object_store [--archives FOLDER] [--write]

Seconds and requests of a run from web archives to sequences, of a second one that finds nothing new, of opening a
lake of 1,000 commits, and the reading of sequences beside a plain read of the same objects. Requests are counted by a
proxy in a run of their own, which is not timed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks import results
from benchmarks.corpus import cache_folder, make
from benchmarks.process import REPOSITORY

PAGE = REPOSITORY / "docs" / "benchmarks.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs all rows and prints them as a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.object_store", description="S3 beside a local folder.")
    parser.add_argument("--archives", type=Path, help="folder of .warc.gz files (default: the corpus of 1,250 pages)")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.relative_to(REPOSITORY)}")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tokenlake-s3-") as folder:
        text = measure(Path(folder), options.archives or make("quick", cache_folder()))
    print(text)
    if options.write:
        results.write(PAGE, "object stores", text)
    return 0


def measure(folder: Path, archives: Path) -> str:
    """The table, in Markdown."""
    sys.path[:0] = [str(REPOSITORY / "tests" / "s3"), str(REPOSITORY / "tests")]
    import faulty_proxy
    import s3_server
    from old_lakes import lengthen

    from lake.lake import Lake

    with s3_server.running(folder / "server") as server:
        bucket = server.make_bucket("lakes")
        environment = s3_server.without_store(dict(os.environ)) | server.environment()
        os.environ.update(environment)
        config = _config(folder / "run.yaml", archives)
        local, remote = str(folder / "lake"), "s3://lakes/lake"
        rows = [
            ("web archives to sequences, s", *(_command(config, lake, environment) for lake in (local, remote))),
            (
                "a second run that finds nothing new, s",
                *(_command(config, lake, environment) for lake in (local, remote)),
            ),
            ("reading all sequences, MB/s", _reading(local), _reading(remote)),
            ("a plain ranged read of the same objects, MB/s", None, _plain_reading(remote)),
        ]
        with faulty_proxy.between(server.address) as proxy:
            counted = environment | server.environment(proxy.address)
            first = _counted(proxy, lambda: _command(config, "s3://lakes/counted", counted))
            second = _counted(proxy, lambda: _command(config, "s3://lakes/counted", counted))
        commits = lengthen(Path(local), 1000)
        shutil.copytree(local, bucket / "old")
        rows.append((f"opening a lake of {commits:,} commits, s", _opening(local), _opening("s3://lakes/old")))
    lines = ["| | folder | bucket |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {_figure(here)} | {_figure(there)} |" for name, here, there in rows]
    lines += [f"| requests of the first run | | {first} |", f"| requests of the second run | | {second} |"]
    documents = Lake(local).rows("documents")
    return "\n".join([f"{documents:,} pages, Sail, VersityGW 1.8.0 on the same machine.", "", *lines])


def _config(path: Path, archives: Path) -> Path:
    settings = {
        "lake": "unused",
        "sources": [{"name": "web", "path": [f"{archives}/**/*.warc.gz"]}],
        "clean": {"policy": "technical"},
        "tokenizer": {"name": "bench", "vocab_size": 8000},
        "pack": [{"name": "causal", "length": 1024, "heldout": 0.01}],
    }
    path.write_text(yaml.safe_dump(settings))
    return path


def _command(config: Path, lake: str, environment: dict[str, str]) -> float:
    """Seconds of `tokenlake run`, Python's start included."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "jobs", "run", str(config), "--lake", lake, "--engine", "sail"]
    subprocess.run(
        command, check=True, env=environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    return time.perf_counter() - started


def _counted(proxy: Any, work: Callable[[], object]) -> str:
    """The requests that some work made, by method."""
    proxy.seen.clear()
    work()
    methods = Counter(request.method for request, _ in proxy.seen)
    return f"{sum(methods.values()):,}: " + ", ".join(f"{count:,} {name}" for name, count in methods.most_common())


def _reading(lake: str) -> float:
    from pipelines.sequences.reader import Sequences

    return _best(lambda: sum(batch.nbytes for batch in Sequences(lake, "causal").batches()))


def _plain_reading(lake: str) -> float:
    """Whole objects, one request each."""
    from lake.lake import Lake

    opened = Lake(lake)
    paths = [opened.storage.path(f"sequences_causal/{file.path}") for file in opened.files("sequences_causal")]
    return _best(lambda: sum(len(opened.storage.files.read(path)) for path in paths))


def _best(work: Callable[[], int]) -> float:
    """MB/s, the best of five."""
    found = []
    for _ in range(5):
        started = time.perf_counter()
        size = work()
        found.append(size / 1e6 / (time.perf_counter() - started))
    return max(found)


def _opening(lake: str) -> float:
    """Seconds until version, rows, size and last commit of every table are known, the best of three."""
    from jobs.commands.tables import describe
    from lake.lake import Lake

    found = []
    for _ in range(3):
        started = time.perf_counter()
        opened = Lake(lake)
        for name in opened.tables():
            describe(opened, name, {})
        found.append(time.perf_counter() - started)
    return min(found)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}" if value < 10 else f"{value:,.1f}"


if __name__ == "__main__":
    sys.exit(main())
