"""Upkeep of a real lake: no step sees work in it, no row changes, pinned versions stay, and a run is not disturbed."""

import json
import os
import shutil
import time
from pathlib import Path

import corpus
import duckdb
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from jobs.arguments import ALL_STAGES, STAGES
from jobs.checks.lake import check as all_findings
from jobs.checks.lake import pending
from jobs.cli import main
from jobs.maintenance.upkeep import DAY, Settings, maintain
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake
from lake.lock import LakeBusyError, exclusive
from lake.maintenance.compaction_plan import Rules
from lake.maintenance.pins import pin, unpin
from lake.touched import touched
from pipelines.sequences.reader import Sequences

EAGER = Settings(rules=Rules(fewest=2, largest=1))
STEPS = ("measures", "decisions", "signatures", "duplicates", "clean_documents", "tokens", "sequences_causal")
DELIVERIES = 3


def deliver(folder, name, *numbers):
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"text": corpus.prose(number)}) for number in numbers]
    (folder / name).write_text("\n".join(lines) + "\n")


def run(engine, config, stages=STAGES):
    assert run_stages(engine, config, Reporter(), stages, conclude=False) == 0


@pytest.fixture(scope="module")
def lived(engine, tmp_path_factory):
    """A lake after several deliveries, the last of which took documents away; its configuration."""
    home = tmp_path_factory.mktemp("maintained")
    config = corpus.config(str(home / "lake"), home / "texts")
    for delivery in range(DELIVERIES):
        deliver(home / "texts", f"{delivery}.jsonl", *range(20 * delivery, 20 * delivery + 10), 3)
        if delivery == DELIVERIES - 1:
            (home / "texts" / "1.jsonl").unlink()
        run(engine, config)
    run(engine, config, ["features"])
    return config


@pytest.fixture
def config(lived, tmp_path):
    """Of a copy of the lake. The folder of texts, which the lake knows, is as before once the test has ended."""
    texts = texts_of(lived)
    before = shutil.copytree(texts, tmp_path / "before")
    yield lived.model_copy(update={"lake": str(shutil.copytree(lived.lake, tmp_path / "lake"))})
    shutil.rmtree(texts)
    shutil.copytree(before, texts)


def texts_of(config):
    return Path(config.sources[0].path)


@pytest.fixture
def lake(config, engine):
    return Lake(config.lake, engine)


def rows_in_order(lake, table, version=None):
    """The rows of a version, in the order in which its files are read."""
    found = []
    for file in lake.files(table, version):
        found += pq.ParquetFile(f"{lake.path(table)}/{file.path}").read().to_pylist()
    return found


def everything(lake):
    return {name: rows_in_order(lake, name) for name in lake.tables() if name != "runs"}


def versions(lake):
    return {name: lake.version(name) for name in lake.tables()}


def age(lake, days):
    """Makes all files look as if they had been written some days ago."""
    then = time.time() - days * DAY
    for folder, _, files in os.walk(lake.root):
        for path in (folder, *(f"{folder}/{name}" for name in files)):
            os.utime(path, (then, then))


def test_upkeep_changes_no_row_and_no_order(lake):
    before = everything(lake)
    outcome = maintain(lake, EAGER, Reporter())
    assert any(each.compacted.into for each in outcome.tables)
    assert everything(lake) == before
    assert max(len(lake.files(name)) for name in ("measures", "tokens", "documents")) == 1


def test_a_run_after_upkeep_has_nothing_to_do(engine, config, lake):
    maintain(lake, EAGER, Reporter())
    before = versions(lake)
    run(engine, config, ALL_STAGES)
    assert versions(lake) == before


def test_new_documents_after_upkeep_are_an_append_in_every_step(engine, config, lake):
    maintain(lake, EAGER, Reporter())
    deliver(texts_of(config), "new.jsonl", *range(900, 905))
    run(engine, config)
    assert {name: lake.last_own_commit(name).metadata.mode for name in STEPS} == dict.fromkeys(STEPS, "append")
    assert all(finding.holds for finding in all_findings(lake))


def test_documents_that_leave_after_upkeep_are_a_change_and_the_lake_is_as_without_upkeep(
    engine, config, lake, tmp_path
):
    plain = config.model_copy(update={"lake": str(shutil.copytree(config.lake, tmp_path / "plain"))})
    maintain(lake, EAGER, Reporter())
    age(lake, 30)
    maintain(lake, EAGER, Reporter())
    (texts_of(config) / "2.jsonl").unlink()
    for each in (config, plain):
        run(engine, each)
    assert lake.last_own_commit("clean_documents").metadata.mode == "change"
    assert documents(lake) == documents(Lake(plain.lake, engine))
    assert all(finding.holds for finding in all_findings(lake))
    assert pending(lake) == []


def documents(lake):
    return sorted((row["doc_id"], row["text"]) for row in rows_in_order(lake, "clean_documents"))


def test_files_that_were_put_together_are_not_kept_for_the_steps_that_read_them(engine, config, lake):
    maintain(lake, EAGER, Reporter())
    age(lake, 30)
    outcome = maintain(lake, EAGER, Reporter())
    assert {each.kept_bytes for each in outcome.tables} == {0}
    deliver(texts_of(config), "new.jsonl", *range(900, 905))
    run(engine, config, ["ingest", "clean"])
    made_from = lake.last_own_commit("features_document_measures").metadata.inputs["measures"]
    new = touched(lake, "measures", made_from, lake.version("measures"), "doc_id")
    assert new.count() == 5
    assert [str(finding) for finding in all_findings(lake) if not finding.holds] == []


def test_every_check_holds_after_upkeep_and_after_old_files_are_gone(lake):
    maintain(lake, EAGER, Reporter())
    age(lake, 30)
    outcome = maintain(lake, Settings(rules=EAGER.rules, keep_log_days=7), Reporter())
    assert outcome.deleted.files > 0
    assert [str(finding) for finding in all_findings(lake) if not finding.holds] == []


def test_a_second_upkeep_has_nothing_to_do(lake):
    maintain(lake, EAGER, Reporter())
    before = versions(lake)
    outcome = maintain(lake, EAGER, Reporter())
    assert not any(each.is_changed for each in outcome.tables)
    assert "Nothing to do" in outcome.lines()[-1]
    assert versions(lake) == before


def test_other_readers_find_the_same_rows(lake):
    before = {name: lake.rows(name) for name in lake.tables() if name != "runs" and lake.rows(name)}
    maintain(lake, EAGER, Reporter())
    for name, rows in before.items():
        opened = DeltaTable(lake.path(name))
        assert opened.to_pyarrow_table().num_rows == rows
        found = duckdb.execute("SELECT count(*) FROM read_parquet(?)", [opened.file_uris()]).fetchone()
        assert found == (rows,)


def test_sequences_are_read_in_the_same_order(lake):
    before = [row.sequence_id for row in Sequences(lake.root, "causal").rows()]
    assert before
    maintain(lake, EAGER, Reporter())
    assert [row.sequence_id for row in Sequences(lake.root, "causal").rows()] == before


def test_pinned_versions_stay_readable_and_others_go_once_they_are_old(lake):
    before = rows_in_order(lake, "sequences_causal", 1)
    pin(lake, "sequences_causal", 1, "model-a")
    maintain(lake, EAGER, Reporter())
    age(lake, 30)
    outcome = maintain(lake, Settings(rules=EAGER.rules, keep_log_days=7), Reporter())
    assert rows_in_order(Lake(lake.root), "sequences_causal", 1) == before
    (upkept,) = [each for each in outcome.tables if each.table == "sequences_causal"]
    assert upkept.kept_bytes > 0
    unpin(lake, "model-a")
    assert maintain(lake, EAGER, Reporter()).deleted.files > 0


def test_commits_of_upkeep_are_rows_of_runs(lake):
    maintain(lake, EAGER, Reporter())
    rows = lake.read_here("runs", ["stage", "mode", "table", "rows_out"]).to_pylist()
    found = {row["table"]: (row["mode"], row["rows_out"]) for row in rows if row["stage"] == "maintain"}
    assert found["tokens"] == ("compact", 0)


def test_after_old_log_entries_are_deleted_runs_go_on_and_nothing_is_done_twice(engine, config, lake):
    maintain(lake, EAGER, Reporter())
    age(lake, 30)
    settings = Settings(rules=EAGER.rules, keep_days=0, keep_log_days=0)
    for name in lake.tables():  # a log this short gets no checkpoint of its own accord
        DeltaTable(lake.path(name)).create_checkpoint()
    outcome = maintain(lake, settings, Reporter())
    assert sum(each.log.files for each in outcome.tables) > 0
    fresh = Lake(lake.root, engine)
    before = versions(fresh)
    run(engine, config)
    assert versions(fresh) == before
    deliver(texts_of(config), "new.jsonl", *range(900, 905))
    run(engine, config)
    assert {name: fresh.last_own_commit(name).metadata.mode for name in STEPS} == dict.fromkeys(STEPS, "append")
    assert all(finding.holds for finding in all_findings(fresh))


def test_a_dry_run_changes_no_file(lake):
    age(lake, 30)
    before = {path: entry.modified for path, entry in lake.storage.entries_below("")}
    outcome = maintain(lake, Settings(rules=EAGER.rules, keep_log_days=1, dry_run=True), Reporter())
    assert outcome.deleted.files > 0
    after = {path: entry.modified for path, entry in lake.storage.entries_below("")}
    assert after == before


def test_beside_a_run_nothing_is_compacted_and_old_files_are_deleted_all_the_same(lake):
    age(lake, 30)
    with exclusive(lake.root):
        outcome = maintain(lake, EAGER, Reporter())
    assert {each.compacted.left for each in outcome.tables if each.files > 1} == {"a run is at work"}
    assert outcome.deleted.files > 0


def test_files_that_a_run_at_work_has_written_stay_however_old_they_are(lake):
    uncommitted = "documents/part-ingest-00000000000000aa-00000000000a.parquet"
    lake.storage.write_text(uncommitted, "rows")
    age(lake, 30)
    with exclusive(lake.root):
        maintain(lake, EAGER, Reporter())
    assert lake.storage.exists(uncommitted)
    maintain(lake, EAGER, Reporter())
    assert not lake.storage.exists(uncommitted)


def test_less_than_a_day_is_refused_beside_a_run(lake):
    with exclusive(lake.root), pytest.raises(LakeBusyError):
        maintain(lake, Settings(compact=False, keep_days=0), Reporter())


def test_a_table_that_cannot_be_changed_is_named_and_the_others_are_kept_up(lake):
    DeltaTable(lake.path("tokens")).alter.set_table_properties({"delta.appendOnly": "true"})
    outcome = maintain(Lake(lake.root), EAGER, Reporter())
    refused = {each.table: each.refused for each in outcome.tables if each.refused}
    assert list(refused) == ["tokens"]
    assert "delta.appendOnly" in refused["tokens"]
    assert not outcome.is_whole
    assert len(lake.files("measures")) == 1


def test_tables_of_other_programs_are_not_touched(lake):
    for number in range(3):
        write_deltalake(
            lake.path("theirs"), lake.read_here("tokens", ["doc_id"]), mode="overwrite" if number else "error"
        )
    age(lake, 30)
    before = set(lake.storage.files_below("theirs"))
    outcome = maintain(lake, EAGER, Reporter())
    assert outcome.foreign == ["theirs"]
    assert set(lake.storage.files_below("theirs")) == before


def test_files_of_an_interrupted_ingest_stay_for_the_run_that_finishes_it(lake):
    manifest = {"run_id": "ingest-1", "started_at": 0, "config_hash": "", "inputs": [], "rejects": []}
    kept = {"path": "part-ingest-00000000000000aa-00000000000a.parquet", "size": 1, "rows": 1}
    lake.storage.write_text(f"documents/{kept['path']}", "rows")
    lake.storage.write_text("documents/part-ingest-00000000000000aa-00000000000b.parquet", "of nobody")
    lake.storage.write_text("_staging/ingest-1.json", json.dumps({**manifest, "documents": [kept]}))
    lake.storage.write_text("_staging/dedup-1/0/part.parquet", "intermediate rows")
    age(lake, 30)
    outcome = maintain(lake, EAGER, Reporter())
    assert lake.storage.exists(f"documents/{kept['path']}")
    assert not lake.storage.exists("documents/part-ingest-00000000000000aa-00000000000b.parquet")
    assert lake.storage.exists("_staging/ingest-1.json")
    assert not lake.storage.exists("_staging/dedup-1")
    assert outcome.staging.files == 1


def test_the_command_says_what_it_did_in_words_and_as_json(lake, capsys):
    assert main(["maintain", lake.root, "--dry-run"]) == 0
    assert capsys.readouterr().out.rstrip().splitlines()[-1].startswith("Nothing to do")  # no table has eight files
    age(lake, 30)
    assert main(["maintain", lake.root, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["bytes_deleted"] > 0
    assert {table["table"] for table in said["tables"]} == set(lake.tables())


def test_pins_are_set_listed_shown_and_taken_away(lake, capsys):
    assert main(["pin", lake.root, "tokens", "1", "--for", "model-a", "--until", "2999-01-01"]) == 0
    assert main(["pin", lake.root, "--list"]) == 0
    assert main(["tables", lake.root]) == 0
    said = capsys.readouterr().out
    assert said.count("tokens version 1 is pinned for model-a") == 3
    assert main(["unpin", lake.root, "tokens", "--for", "model-a"]) == 0
    assert main(["pin", lake.root, "--list"]) == 0
    assert "has no pins" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["tokens"], ["tokens", "1"], ["tokens", "999", "--for", "a"], ["tokens", "--list"], ["tokens", "1", "--for", ""]],
)
def test_a_pin_that_makes_no_sense_is_bad_usage(lake, arguments, capsys):
    assert main(["pin", lake.root, *arguments]) == 2
    assert "error" in capsys.readouterr().err


def test_a_check_finds_a_pin_whose_files_are_gone(lake):
    pin(lake, "tokens", 1, "model-a")
    maintain(lake, EAGER, Reporter())
    lost = next(iter({file.path for file in lake.files("tokens", 1)}))
    lake.storage.delete(f"tokens/{lost}")
    found = [finding for finding in all_findings(lake) if not finding.holds]
    assert [finding.name for finding in found] == ["tokens version 1, pinned for model-a"]
