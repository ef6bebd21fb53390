"""What `tokenlake metrics` says about a real lake."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import corpus
import delta_by_hand
import pyarrow as pa
from deltalake import DeltaTable
from exposition_reader import value, values

from jobs import cli
from jobs.checks.waiting import behind
from jobs.metrics.catalogue import ALL
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.runs import record_failure
from lake.lake import Lake

REPOSITORY = Path(__file__).parents[2]


def test_rows_bytes_and_files_of_a_table_are_those_of_its_log(lake, said):
    text, opened = said(lake), Lake(lake)
    files, size = opened.size("documents")
    assert value(text, "table_rows", table="documents") == opened.rows("documents")
    assert value(text, "table_files", table="documents") == files
    assert value(text, "table_bytes", table="documents") == size
    assert value(text, "table_version", table="documents") == opened.version("documents")


def test_every_table_of_the_lake_is_there(lake, said):
    found = {dict(labels).get("table") for name, labels in values(said(lake)) if name == "tokenlake_table_rows"}
    assert found == set(Lake(lake).tables())


def test_a_reading_says_that_it_succeeded_and_when(lake, said):
    text = said(lake)
    assert value(text, "scrape_success") == 1
    assert abs(time.time() - value(text, "scrape_timestamp_seconds")) < 60


def test_the_last_ingest_has_its_records_and_rejects(lake, said):
    text, opened = said(lake), Lake(lake)
    assert value(text, "source_last_ingest_rejects", source="corpus") == opened.rows("rejects")
    read = opened.rows("rejects") + opened.rows("documents")
    assert value(text, "source_last_ingest_records", source="corpus") == read
    assert value(text, "source_files", source="corpus") == opened.rows("inputs")


def test_each_stage_has_ended_well_and_its_runs_are_counted(lake, said):
    text = said(lake)
    for stage in ("ingest", "clean", "dedup", "tokenize", "pack"):
        assert time.time() - value(text, "stage_last_success_timestamp_seconds", stage=stage) < 3600
        assert value(text, "runs_total", stage=stage, status="done") >= 1
        assert value(text, "stage_last_run_seconds", stage=stage) > 0
    assert value(text, "step_last_rows_in", stage="clean", table="measures") == Lake(lake).rows("documents")


def test_a_complete_lake_waits_for_nothing(lake, said):
    text = said(lake)
    assert value(text, "pending_steps") == 0
    assert not [place for place in values(text) if place[0] == "tokenlake_step_pending_since_timestamp_seconds"]


def test_a_step_that_has_not_run_waits_since_its_input_was_committed(copy, said, engine, tmp_path):
    config = corpus.config(copy, corpus.make(tmp_path / "more", documents=12, first=2000))
    source = config.sources[0].model_copy(update={"name": "more"})
    config = config.model_copy(update={"sources": [source]})
    assert run_stages(engine, config, Reporter(), ("ingest",), conclude=False) == 0
    assert behind(Lake(copy), "measures") == ["documents"]
    text = said(copy)
    since = value(text, "step_pending_since_timestamp_seconds", table="measures")
    committed = Lake(copy).last_own_commit("documents")
    assert since == committed.timestamp.timestamp()
    assert value(text, "pending_steps") == 1
    assert value(text, "table_last_change_timestamp_seconds", table="documents") == since


def test_an_interrupted_ingest_is_told(copy, said):
    assert value(said(copy), "ingest_interrupted_timestamp_seconds") is None
    Lake(copy).storage.write_text("_staging/ingest-0.json", "{}")
    assert abs(time.time() - value(said(copy), "ingest_interrupted_timestamp_seconds")) < 60


def test_a_failed_stage_is_told_with_its_time(copy, said):
    record_failure(Lake(copy), "pack", ValueError("no such tokenizer"))
    text = said(copy)
    assert value(text, "runs_total", stage="pack", status="failed") == 1
    failed = value(text, "stage_last_failure_timestamp_seconds", stage="pack")
    assert failed > value(text, "stage_last_success_timestamp_seconds", stage="pack")


def test_a_run_that_finds_nothing_new_is_a_success_of_its_stages(copy, said, engine, corpus_folder):
    before, versions = said(copy), {name: Lake(copy).version(name) for name in Lake(copy).tables()}
    assert run_stages(engine, corpus.config(copy, corpus_folder), Reporter(), ("ingest", "clean"), conclude=False) == 0
    after = said(copy)
    name = "stage_last_success_timestamp_seconds"
    assert {name: Lake(copy).version(name) for name in versions} == versions
    assert value(after, name, stage="ingest") > value(before, name, stage="ingest")
    assert value(after, name, stage="pack") == value(before, name, stage="pack")


def test_a_check_and_its_failures_are_told(copy, said):
    assert value(said(copy), "check_failed_findings") is None
    assert cli.main(["check", copy]) == 0
    assert value(said(copy), "check_failed_findings") == 0
    DeltaTable(f"{copy}/measures").delete("doc_id < '8'")
    assert cli.main(["check", copy]) == 1
    text = said(copy)
    assert value(text, "check_failed_findings") >= 1
    assert value(text, "check_findings") > value(text, "check_failed_findings")


def test_upkeep_is_told_unless_it_was_a_dry_run(copy, said):
    assert cli.main(["maintain", copy, "--dry-run"]) == 0
    assert value(said(copy), "upkeep_timestamp_seconds") is None
    assert cli.main(["maintain", copy]) == 0
    text = said(copy)
    assert abs(time.time() - value(text, "upkeep_timestamp_seconds")) < 60
    assert value(text, "upkeep_refused_tables") == 0


def test_a_pin_is_counted(copy, said):
    assert cli.main(["pin", copy, "tokens", "0", "--for", "model 7"]) == 0
    assert value(said(copy), "table_pins", table="tokens") == 1


def test_a_table_that_hides_rows_is_told_and_the_others_are_read(copy, said):
    rows = pa.table({"word": ["a", "b"]})
    delta_by_hand.create(Path(copy) / "of_another", {"x": rows}, "kind")
    text = said(copy)
    assert value(text, "table_readable", table="of_another") == 0
    assert value(text, "table_rows", table="of_another") is None
    assert value(text, "table_readable", table="documents") == 1


def test_a_read_only_lake_can_be_checked(copy, monkeypatch):
    folder = Path(copy) / "_metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("a file where the folder would be")
    assert cli.main(["check", copy]) == 0


def test_all_metrics_of_the_catalogue_have_their_own_name():
    assert len({metric.name for metric in ALL}) == len(ALL)


def test_no_spark_is_loaded(lake):
    program = (
        "import sys; from jobs import cli; status = cli.main(sys.argv[1:]); "
        "assert 'pyspark' not in sys.modules and 'pysail' not in sys.modules, 'an engine was loaded'; sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "metrics", lake], capture_output=True, text=True, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stderr
