"""Upkeep that is killed at any moment loses nothing, and the next one finishes it."""

import os
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import cli
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.maintenance.pins import pin
from pipelines.tables import TOKENS

FILES = 40


def append(lake, number):
    run = f"tokenize-{number * 2654435761 % 2**64:016x}"
    empty = dict.fromkeys(TOKENS.schema.names)
    rows = [{**empty, "doc_id": f"{number:03d}{part}", "ids": os.urandom(4096), "run_id": run} for part in "ab"]
    note = CommitMetadata(run, "tokenize", "append", "c", "v", {}, time.time())
    lake.append(pa.Table.from_pylist(rows, TOKENS.schema), TOKENS, note, None)


@pytest.fixture
def lake(tmp_path):
    """A table of many small files, written days ago, with a pinned version."""
    made = Lake(str(tmp_path / "lake"))
    for number in range(FILES):
        append(made, number)
        if number == FILES // 4:
            made.checkpoint("tokens")  # the pinned version can be read from it, so entries before it are not needed
    pin(made, "tokens", FILES // 2, "model-a")
    then = time.time() - 30 * 86_400
    for path in made.storage.files_below("tokens"):
        os.utime(f"{made.path('tokens')}/{path}", (then, then))
    return made


def rows(lake, version=None):
    return [
        row
        for file in Lake(lake.root).files("tokens", version)
        for row in pq.ParquetFile(f"{lake.path('tokens')}/{file.path}").read().to_pylist()
    ]


def deleted(before, now, begin):
    return any(path.startswith(begin) for path in before - now)


MOMENTS = {
    "a new file is begun": lambda before, now: any(path.startswith("part-") for path in now - before),
    "the compaction is committed": lambda before, now: f"_delta_log/{FILES:020d}.json" in now,
    "a checkpoint is there": lambda before, now: any(".checkpoint." in path for path in now - before),
    "an entry of the log is deleted": lambda before, now: any(
        path.startswith("_delta_log/0") for path in before - now
    ),
    "a data file is deleted": lambda before, now: deleted(before, now, "part-"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_loses_nothing_and_the_next_upkeep_finishes(lake, moment, capsys):
    newest, pinned = rows(lake), rows(lake, FILES // 2)
    before = set(lake.storage.files_below("tokens"))
    command = [sys.executable, "-m", "jobs", "maintain", lake.root, "--keep-days", "0", "--keep-log-days", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and not MOMENTS[moment](before, set(lake.storage.files_below("tokens"))):
        time.sleep(0.0005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert rows(lake) == newest
    assert rows(lake, FILES // 2) == pinned
    assert cli.main(command[3:]) == 0
    assert rows(lake) == newest
    assert rows(lake, FILES // 2) == pinned
    there = {path for path in lake.storage.files_below("tokens") if path.startswith("part-")}
    kept = {file.path for version in (None, FILES // 2) for file in Lake(lake.root).files("tokens", version)}
    assert there == kept
    capsys.readouterr()
    assert cli.main(command[3:]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("Nothing to do")
