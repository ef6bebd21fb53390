"""`tokenlake check` at the command line."""

import json
import shutil

import pytest
from deltalake import DeltaTable

from jobs import cli


@pytest.fixture
def copy(lake, tmp_path):
    return str(shutil.copytree(lake, tmp_path / "lake"))


def test_each_finding_is_a_line_and_the_last_one_counts_them(capsys, copy):
    assert cli.main(["check", copy]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok    ") for line in lines[:-1])
    assert lines[-1] == f"all {len(lines) - 1} hold"


def test_a_fault_ends_with_status_1_and_says_which_it_is(capsys, copy):
    DeltaTable(f"{copy}/measures").delete("doc_id < '8'")
    assert cli.main(["check", copy]) == 1
    lines = capsys.readouterr().out.splitlines()
    failed = [line for line in lines if line.startswith("FAIL  ")]
    assert any(line.startswith("FAIL  each document is measured once: ") for line in failed)
    assert lines[-1].startswith(f"{len(failed)} of ")


def test_findings_as_json(capsys, copy):
    assert cli.main(["check", copy, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pending"] == []
    assert {"name": "each document is measured once", "holds": True}.items() <= next(
        each for each in found["findings"] if each["name"] == "each document is measured once"
    ).items()
