"""`tokenlake upgrade`, and what other commands say of a lake of another contract."""

import re
import subprocess
import sys
import time

import corpus
import older_lake
import pytest
from deltalake import DeltaTable

from jobs import cli
from jobs.checks.lake import check
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake
from pipelines.tables import CONTRACT, CONTRACT_PROPERTY, ContractError


@pytest.fixture
def root(tmp_path):
    return older_lake.unpack(tmp_path)


def versions(root):
    lake = Lake(root)
    return {name: lake.version(name) for name in lake.tables()}


def test_an_upgrade_says_what_it_did_to_each_table(capsys, root):
    before = versions(root)
    assert cli.main(["upgrade", root]) == 0
    output = capsys.readouterr().out.splitlines()
    told = [line for line in output if line.partition(":")[0] in before]
    assert len(told) == len(before)
    assert f"decisions: contract 1 -> {CONTRACT}, version 3" in told
    [tokens] = [line for line in told if line.startswith("tokens:")]
    assert re.search(r"\(column cluster_id is split_group_id now; [0-9.]+ kB written\)", tokens)
    assert f"Done: all tables of {root} follow contract {CONTRACT}." in output


def test_a_second_upgrade_says_that_there_is_nothing_to_do(capsys, root):
    cli.main(["upgrade", root])
    capsys.readouterr()
    before = versions(root)
    assert cli.main(["upgrade", root]) == 0
    assert capsys.readouterr().out == f"Nothing to do: all tables of {root} follow contract {CONTRACT} already.\n"
    assert versions(root) == before


def test_an_upgrade_is_in_the_table_of_runs(root):
    cli.main(["upgrade", root])
    rows = Lake(root).read_here("runs", ["table", "mode", "stage"]).to_pylist()
    assert {row["table"] for row in rows if row["mode"] == "upgrade"} >= {"tokens", "measures", "sequences_causal"}


def test_an_upgrade_that_is_killed_goes_on_and_ends_as_any_other(tmp_path, root):
    whole = older_lake.unpack(tmp_path / "whole")
    cli.main(["upgrade", whole])
    first = Lake(root).version("inputs")
    process = subprocess.Popen([sys.executable, "-m", "jobs", "upgrade", root], stdout=subprocess.DEVNULL)
    while process.poll() is None and Lake(root).version("inputs") == first:
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert cli.main(["upgrade", root]) == 0
    for table in set(versions(root)) - {"runs"}:
        found = [DeltaTable(f"{lake}/{table}").to_pyarrow_table().to_pylist() for lake in (root, whole)]
        assert sorted(map(repr, found[0])) == sorted(map(repr, found[1]))


@pytest.mark.parametrize("command", [["explain", "0f"], ["decide", "gopher"], ["report"], ["run"]], ids=lambda c: c[0])
def test_other_commands_refuse_an_older_lake_in_one_line_that_names_the_upgrade(capsys, tmp_path, root, command):
    name, *others = command
    (tmp_path / "run.yaml").write_text(f"lake: {root}\n")
    target = str(tmp_path / "run.yaml") if name == "run" else root
    before = versions(root)
    assert cli.main([name, target, *others]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert len(errors) == 1
    assert f"follows contract 1, this program {CONTRACT}: run `tokenlake upgrade {root}` first" in errors[0]
    assert versions(root) == before


def test_a_newer_lake_is_refused(capsys, root):
    cli.main(["upgrade", root])
    newer = {CONTRACT_PROPERTY: str(CONTRACT + 1)}
    DeltaTable(f"{root}/measures").alter.set_table_properties(newer, raise_if_not_exists=False)
    for command in ("upgrade", "report"):
        assert cli.main([command, root]) == 2
        assert f"measures follows contract {CONTRACT + 1} of a newer tokenlake" in capsys.readouterr().err


def test_the_tables_of_an_older_lake_are_listed(capsys, root):
    assert cli.main(["tables", root]) == 0
    assert "clean_documents" in capsys.readouterr().out


def configured(root, tmp_path):
    """The configuration that the lake was made with, over the same files in another place."""
    folder = older_lake.changed_files(older_lake.more_files(older_lake.first_files(tmp_path / "corpus")))
    config = corpus.config(root, folder)
    return config.model_copy(update={"pack": config.pack[:1]})


def test_a_run_of_an_older_lake_changes_nothing(engine, tmp_path, root):
    before = versions(root)
    with pytest.raises(ContractError):
        run_stages(engine, configured(root, tmp_path), Reporter())
    assert versions(root) == before


def test_an_upgraded_lake_is_kept_as_it_is_when_asked(engine, tmp_path, root):
    cli.main(["upgrade", root])
    before = versions(root)
    run_stages(engine, configured(root, tmp_path), Reporter(), conclude=False, keep_old=True)
    assert versions(root) == before


def test_an_upgraded_lake_is_made_anew_by_a_run_and_holds_what_its_files_hold(engine, tmp_path, root):
    cli.main(["upgrade", root])
    config = configured(root, tmp_path)
    run_stages(engine, config, Reporter())
    fresh = config.model_copy(update={"lake": str(tmp_path / "fresh")})
    run_stages(engine, fresh, Reporter())
    for table in ("documents", "clean_documents"):
        ids = [sorted(Lake(each).read_here(table, ["doc_id"])["doc_id"].to_pylist()) for each in (root, fresh.lake)]
        assert ids[0] == ids[1]
    assert [str(finding) for finding in check(Lake(root, engine)) if not finding.holds] == []


def test_all_checks_hold_after_an_upgrade(engine, root):
    cli.main(["upgrade", root])
    assert [str(finding) for finding in check(Lake(root, engine)) if not finding.holds] == []


def test_an_interrupted_ingest_is_to_be_finished_first(capsys, root):
    Lake(root).storage.write_text("_staging/ingest-0123456789abcdef.json", "{}")
    before = versions(root)
    assert cli.main(["upgrade", root]) == 2
    assert "an ingest was interrupted; finish it with the tokenlake that began it" in capsys.readouterr().err
    assert versions(root) == before
