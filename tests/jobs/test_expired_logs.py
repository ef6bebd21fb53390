"""Lakes whose old log entries are gone: nothing is lost, nothing is processed twice."""

import json
import shutil

import corpus
import pytest
from deltalake import DeltaTable

from jobs.checks.lake import check as all_findings
from jobs.checks.lake import pending
from jobs.invariants import check
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.runs import record_runs
from jobs.stages.clean import urls_in_force
from lake.history import ExpiredLogError
from lake.lake import Lake
from pipelines.readers.config import SourceConfig

RUN_COLUMNS = ("run_id", "ingested_at", "recorded_at")
STEPS = ("measures", "decisions", "signatures", "duplicates", "clean_documents", "tokens", "sequences_causal")


def expire(lake, *tables):
    """What a clean-up of old log entries leaves: a checkpoint of the newest version, and its entry."""
    for name in tables or lake.tables():
        opened = DeltaTable(lake.path(name))
        opened.create_checkpoint()
        for version in range(opened.version()):
            lake.storage.delete(f"{name}/_delta_log/{version:020d}.json")


def content(lake):
    """All rows of all tables but `runs`, without what tells one run from another."""
    tables = sorted(set(lake.tables()) - {"runs"})
    return {name: sorted(map(repr, lake.read(name).drop(*RUN_COLUMNS).toArrow().to_pylist())) for name in tables}


def versions(lake):
    return {name: lake.version(name) for name in lake.tables()}


def modes(lake):
    return {name: lake.last_own_commit(name).metadata.mode for name in STEPS}


def add(folder, name, *numbers):
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"text": corpus.prose(number)}) for number in numbers]
    (folder / name).write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def lived(engine, tmp_path_factory):
    """A lake after a run, and three deliveries that only `ingest` has seen; its configuration and its folder."""
    home = tmp_path_factory.mktemp("expired")
    folder = home / "texts"
    lake = Lake(str(home / "lake"), engine)
    config = corpus.config(lake.root, folder)
    add(folder, "0.jsonl", *range(20))
    run_stages(engine, config, Reporter(), conclude=False)
    for delivery in range(1, 4):
        add(folder, f"{delivery}.jsonl", *range(100 * delivery, 100 * delivery + 5), 3)
        run_stages(engine, config, Reporter(), ["ingest"], conclude=False)
    return config, folder


class Copies:
    """The same lake with a whole log (`whole`) and with an expired one (`cut`)."""

    def __init__(self, engine, lived, home):
        self.engine, (self.config, _) = engine, lived
        self.folder = home / "new"
        self.whole, self.cut = (
            Lake(str(shutil.copytree(self.config.lake, home / name)), engine) for name in ("whole", "cut")
        )

    def run(self, lake, **sections):
        new = (SourceConfig(name="new", path=str(self.folder)),) if self.folder.exists() else ()
        sources = (*self.config.sources, *new)
        config = self.config.model_copy(update={"lake": lake.root, "sources": sources, **sections})
        assert run_stages(self.engine, config, Reporter(), conclude=False) == 0


@pytest.fixture
def copies(engine, lived, tmp_path):
    return Copies(engine, lived, tmp_path)


def test_commits_between_the_consumed_version_and_the_log_are_processed_alone(copies):
    expire(copies.cut)
    for lake in (copies.whole, copies.cut):
        copies.run(lake)
    assert set(modes(copies.cut).values()) == {"append"}
    assert content(copies.cut) == content(copies.whole)
    check(copies.cut)


def test_new_input_flows_through_alone_after_an_expiry(copies):
    for lake in (copies.whole, copies.cut):
        copies.run(lake)
    expire(copies.cut)
    add(copies.folder, "new.jsonl", *range(900, 905), 3)
    for lake in (copies.whole, copies.cut):
        copies.run(lake)
    assert set(modes(copies.cut).values()) == {"append"}
    assert content(copies.cut) == content(copies.whole)
    check(copies.cut)


def test_nothing_new_is_still_nothing_after_an_expiry(copies):
    copies.run(copies.cut)
    expire(copies.cut)
    before = versions(copies.cut)
    copies.run(copies.cut)
    assert versions(copies.cut) == before


def test_changed_settings_rebuild_from_all_rows_after_an_expiry(copies):
    expire(copies.cut)
    clean = copies.config.clean.model_copy(update={"policy": "none"})
    for lake in (copies.whole, copies.cut):
        copies.run(lake, clean=clean)
    assert content(copies.cut) == content(copies.whole)
    check(copies.cut)


def test_what_neither_the_log_nor_runs_tells_is_made_anew_and_said(copies, capsys):
    shutil.rmtree(copies.cut.path("runs"))
    expire(copies.cut)
    copies.run(copies.cut)
    assert (
        "measures is made anew: the log of documents no longer tells what version 2 changed" in capsys.readouterr().err
    )
    assert modes(copies.cut)["measures"] == "rebuild"
    check(copies.cut)


def test_a_table_that_no_longer_tells_what_it_was_made_from_is_made_anew_and_said(copies, capsys):
    shutil.rmtree(copies.cut.path("runs"))
    DeltaTable(copies.cut.path("tokens")).alter.set_table_properties({"delta.dataSkippingNumIndexedCols": "9"})
    expire(copies.cut, "tokens")
    copies.run(copies.cut)
    assert "tokens is made anew: its log no longer tells what it was made from" in capsys.readouterr().err
    check(copies.cut)


def test_url_lists_that_nothing_tells_about_are_not_taken_for_none(copies):
    shutil.rmtree(copies.cut.path("runs"))
    DeltaTable(copies.cut.path("decisions")).alter.set_table_properties({"delta.dataSkippingNumIndexedCols": "9"})
    expire(copies.cut, "decisions")
    with pytest.raises(ExpiredLogError, match="no longer tells which URL lists were in force; `tokenlake run CONFIG`"):
        urls_in_force(copies.cut)


def test_a_check_says_what_it_could_not_compare(copies):
    expire(copies.cut)
    assert [finding.name for finding in all_findings(copies.cut) if not finding.holds] == []
    unread = "measures was not compared with documents, whose log no longer has the version it was made from"
    assert unread in pending(copies.cut)
    copies.run(copies.cut)
    assert pending(copies.cut) == []
    assert all(finding.holds for finding in all_findings(copies.cut))


def test_runs_keeps_its_rows_once_each_after_an_expiry(copies):
    copies.run(copies.cut)
    expire(copies.cut)
    before = copies.cut.read("runs").count()
    assert record_runs(copies.cut) == 0
    add(copies.folder, "new.jsonl", 900)
    copies.run(copies.cut)
    rows = copies.cut.read("runs")
    assert rows.count() == rows.select("run_id").distinct().count() > before


def test_runs_whose_own_log_no_longer_tells_what_it_holds_is_not_filled_twice(copies):
    copies.run(copies.cut)
    DeltaTable(copies.cut.path("runs")).optimize.compact()
    expire(copies.cut, "runs")
    add(copies.folder, "new.jsonl", 900)
    copies.run(copies.cut)
    rows = copies.cut.read("runs")
    assert rows.count() == rows.select("run_id").distinct().count()
    assert rows.where("stage = 'ingest'").count() == 5
