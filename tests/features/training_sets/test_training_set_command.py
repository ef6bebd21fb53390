"""`tokenlake features training-set` as a command."""

import json
import subprocess
import sys
from pathlib import Path

import feature_lake
import pytest

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path):
    """A lake and a file of rows."""
    feature_lake.write(tmp_path / "lake")
    rows = [f"web,{(feature_lake.START + days * feature_lake.DAY).isoformat()},{days}" for days in (-1, 0, 5, 99)]
    (tmp_path / "rows.csv").write_text("\n".join(["source,event_timestamp,label", *rows]))
    return tmp_path


def command(folder, *options):
    """A finished process."""
    words = ["features", "training-set", "lake", "--service", "mixture", "--entities", "rows.csv", "--name", "it"]
    return subprocess.run(
        [sys.executable, "-m", "jobs", *words, *options],
        capture_output=True, text=True, cwd=folder, check=False,
        env={"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_it_says_what_it_committed_and_that_a_second_call_had_nothing_to_do(folder):
    first, again = command(folder, "--json"), command(folder)
    assert json.loads(first.stdout) == {
        "table": "training_set_it", "version": 0, "new": True, "rows": 4, "inputs": {"features_source_quality": 0},
        "without_table": [],
        "views": {"source_quality": {"PRESENT": 2, "NULL_VALUE": 0, "NOT_FOUND": 1, "OUTSIDE_MAX_AGE": 1}},
    }, first.stderr  # fmt: skip
    lines = again.stdout.splitlines()
    assert lines[0] == "training_set_it: version 0, 4 rows; nothing has changed since, so nothing was committed"
    assert lines[2].split() == ["source_quality", "0", "2", "0", "1", "1"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--known-at", "yesterday"), "--known-at yesterday: write a time like 2026-11-26T18:00:00Z, or `row`"),
        (("--version", "source_quality"), "--version source_quality: write VIEW=N"),
    ],
)
def test_what_it_cannot_understand_is_misuse(folder, options, words):
    found = command(folder, *options)
    assert found.returncode == 2
    assert words in found.stderr
