"""`tokenlake retract` and `maintain --erase` as commands: what they print, what a kill leaves, what they refuse."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kill_campaign import kill_at_commit
from process_tree import start

from jobs import cli
from jobs.config import RunConfig
from jobs.recorded_config import FOLDER, record, recorded
from lake.lake import Lake
from lake.lock import exclusive

PROJECT = Path(__file__).resolve().parents[2]

TABLES = ("documents", "measures", "decisions", "signatures", "duplicates", "clean_documents", "tokens")


def tokenlake(*arguments):
    """Runs a command; returns (status, output, what it said on standard error)."""
    command = [sys.executable, "-m", "jobs", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def copy(lake, tmp_path):
    """A lake of real text with all stages, for one test to change."""
    return Path(shutil.copytree(lake, tmp_path / "lake"))


def a_survivor(folder):
    """A document that stands for others in its cluster of duplicates."""
    rows = Lake(str(folder)).read_here("duplicates", ["doc_id", "kept", "cluster_size"]).to_pylist()
    return min(row["doc_id"] for row in rows if row["kept"] and row["cluster_size"] > 1)


def ids(folder, table):
    return sorted(Lake(str(folder)).read_here(table, ["doc_id"])["doc_id"].to_pylist())


def test_a_dry_run_says_what_the_command_then_does_and_needs_no_lock(copy):
    survivor = a_survivor(copy)
    with exclusive(str(copy)):
        before = sorted(str(path) for path in copy.rglob("*"))
        status, output, said = tokenlake("retract", copy, "--doc-id", survivor, "--dry-run", "--json")
        busy, _, waits = tokenlake("retract", copy, "--doc-id", survivor)
        after = sorted(str(path) for path in copy.rglob("*"))
    assert status == 0, said
    assert (busy, "another run is at work there" in waits) == (1, True)
    assert after == before
    planned = json.loads(output)
    assert not planned["done"]
    status, output, said = tokenlake("retract", copy, "--doc-id", survivor, "--reason", "request 7", "--json")
    assert status == 0, said
    done = json.loads(output)
    for key in ("retracted", "go_with_them", "copies_that_stay"):
        assert done[key] == planned[key]
    rows = {each["table"]: each["rows"] for each in planned["tables"] if each["rows"]}
    assert rows == {each["table"]: each["rows"] for each in done["tables"] if each["rows"]}
    assert all(each["free_since_version"] is not None for each in done["tables"])
    status, output, said = tokenlake("maintain", copy, "--erase")
    assert status == 0, said
    assert "documents" in output
    assert tokenlake("check", copy)[0] == 0


@pytest.mark.slow
def test_killed_at_several_commits_and_repeated_it_ends_as_if_it_had_not_been(copy, tmp_path):
    survivor = a_survivor(copy)
    whole = shutil.copytree(copy, tmp_path / "whole")
    assert tokenlake("retract", whole, "--doc-id", survivor)[0] == 0
    for table in ("retractions", "measures", "sequences_causal"):
        run = start(copy, "--doc-id", survivor, command=("retract",), json_log=False)
        assert kill_at_commit(run, copy, table), f"it ended before it committed {table}"
    assert survivor in ids(copy, "retractions")
    status, output, said = tokenlake("retract", copy, "--doc-id", survivor)
    assert status == 0, said
    assert "were retracted before" in output
    for table in (*TABLES, "retractions"):
        assert ids(copy, table) == ids(whole, table)
    assert tokenlake("check", copy)[0] == 0


def refused(capsys, *arguments):
    """What a command says that ends with status 2, in this process: it needs no engine for that."""
    assert cli.main([str(each) for each in arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    return output.err


def test_a_lake_of_an_earlier_version_asks_for_its_configuration(copy, capsys):
    shutil.rmtree(copy / FOLDER)
    before = ids(copy, "documents")
    said = refused(capsys, "retract", copy, "--doc-id", before[0])
    assert "name the configuration: --config CONFIG" in said
    assert ids(copy, "documents") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to retract: name documents with"),
        (("--undo", "--where", "true"), "--undo takes back what --doc-id"),
        (("--doc-ids-from", "/nowhere"), "--doc-ids-from /nowhere"),
    ],
)
def test_a_command_that_cannot_be_meant_is_refused(lake, arguments, message, capsys):
    assert message in refused(capsys, "retract", lake, *arguments)


def test_pins_are_dropped_only_by_an_erasure(lake, capsys):
    assert "--drop-pins belongs to --erase" in refused(capsys, "maintain", lake, "--drop-pins")


@pytest.mark.parametrize("option", [("--keep-days", "30"), ("--keep-log-days", "9"), ("--no-compact",)])
def test_an_erasure_is_not_asked_to_keep_versions(lake, option, capsys):
    said = refused(capsys, "maintain", lake, "--erase", *option)
    assert "--erase deletes all earlier versions" in said
    assert option[0] in said


def test_what_is_recorded_of_a_configuration_has_no_secrets(lake):
    config = RunConfig.model_validate(
        {
            "sources": [{"name": "web", "path": ["https://example.org/a?sig=geheim", "s3://texts/"]}],
            "spark": {"spark.hadoop.fs.s3a.secret.key": "geheim"},
        }
    )
    folder = Path(lake).parent / "secrets"
    record(Lake(str(folder)), "ingest", config)
    written = "".join(path.read_text() for path in folder.rglob("*.json"))
    assert "https://example.org/a" in written
    assert "geheim" not in written
    assert recorded(Lake(str(folder)), "ingest").sources[0].name == "web"
