"""`tokenlake metrics` of a lake on an object store."""

import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from exposition_reader import value, values

from jobs import cli

ROOT = Path(__file__).parents[2]
_OF_THE_READING = {"tokenlake_scrape_timestamp_seconds", "tokenlake_scrape_seconds"}


@pytest.fixture
def stored(bucket, lake) -> str:
    """A copy of a lake in a bucket."""
    shutil.copytree(lake, bucket.folder / "lake")
    return bucket.uri("lake")


def figures(text: str) -> dict:
    return {place: each for place, each in values(text).items() if place[0] not in _OF_THE_READING}


def test_the_figures_of_a_lake_in_a_bucket_are_those_of_the_same_lake_in_a_folder(stored, lake, capsys):
    assert cli.main(["metrics", lake]) == 0
    here = figures(capsys.readouterr().out)
    assert cli.main(["metrics", stored]) == 0
    assert figures(capsys.readouterr().out) == here


@pytest.fixture
def served(stored) -> Iterator[str]:
    command = [sys.executable, "-m", "jobs", "metrics", stored, "--serve", "0", "--every", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stderr is not None
        yield process.stderr.readline().split()[1]
        process.kill()


def test_a_bucket_that_is_gone_leaves_the_last_values(served, bucket):
    before = _answered(served, 1)
    shutil.rmtree(bucket.folder / "lake")
    after = _answered(served, 0)
    assert value(after, "table_rows", table="tokens") == value(before, "table_rows", table="tokens") > 0


def _answered(address: str, success: int) -> str:
    """The first answer that says so: a reading may take longer than a request waits."""
    until = time.monotonic() + 120
    while True:
        with urllib.request.urlopen(address, timeout=60) as answer:
            found = str(answer.read().decode())
        if value(found, "scrape_success") == success:
            return found
        assert time.monotonic() < until, found
