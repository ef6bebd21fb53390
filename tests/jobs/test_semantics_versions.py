"""What a run does with the rows of an older version of a step, on a whole lake."""

import json
import shutil

import corpus
import pytest

from jobs.commands.explain import trace_document
from jobs.commands.tables import describe
from jobs.invariants import check
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.report import collect
from jobs.stages import arrivals, clean, reading_versions
from lake.lake import Lake
from pipelines.readers.config import SourceConfig
from pipelines.semantics import MEASURING, READING, Semantics

NEWER = Semantics("measuring", {**MEASURING.changes, MEASURING.version + 1: "lists are kept"})
FOLLOWING = ("measures", "decisions", "signatures", "duplicates", "clean_documents", "tokens", "sequences_causal")
BOTH = f"{MEASURING.version},{NEWER.version}"


class Upgraded:
    """A lake whose measures were made by the version before, and one file that has arrived since."""

    def __init__(self, engine, root, folder, new):
        self.lake, self.engine = Lake(root, engine), engine
        config = corpus.config(root, folder)
        sources = (*config.sources, SourceConfig(name="new", path=str(new)))
        self.config = config.model_copy(update={"sources": sources})

    def run(self, keep_old=False):
        run_stages(self.engine, self.config, Reporter(), conclude=False, keep_old=keep_old)

    def modes(self):
        return {name: self.lake.last_own_commit(name).metadata.mode for name in FOLLOWING}

    def ids(self, table):
        return {row.doc_id for row in self.lake.read(table).select("doc_id").collect()}


@pytest.fixture
def upgraded(engine, lake, corpus_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(clean, "MEASURING", NEWER)
    new = tmp_path / "new.jsonl"
    new.write_text(json.dumps({"text": corpus.prose(3000)}))
    return Upgraded(engine, str(shutil.copytree(lake, tmp_path / "lake")), corpus_folder, new)


def test_the_step_and_what_follows_are_made_anew_and_one_line_says_why(upgraded, capsys):
    upgraded.run()
    assert set(upgraded.modes().values()) == {"rebuild"}
    assert upgraded.lake.last_own_commit("measures").metadata.semantics == (NEWER.version,)
    said = [line for line in capsys.readouterr().err.splitlines() if "anew" in line]
    assert said == [
        f"  note: measures is made anew: measuring is at version {NEWER.version} now (lists are kept), and there are "
        f"rows of version {MEASURING.version}; --keep-old would keep them"
    ]
    check(upgraded.lake)


def test_old_rows_can_be_kept_beside_new_ones_and_both_versions_are_told(upgraded, capsys):
    before = upgraded.ids("measures")
    upgraded.run(keep_old=True)
    assert set(upgraded.modes().values()) == {"append"}
    assert len(upgraded.ids("measures") - before) == 1
    assert describe(upgraded.lake, "measures", {})["semantics"] == BOTH
    assert {table.name: table.semantics for table in collect(upgraded.lake).tables}["measures"] == BOTH
    assert "anew" not in capsys.readouterr().err
    check(upgraded.lake)


def test_the_story_of_a_document_tells_which_version_measured_it(upgraded):
    before = upgraded.ids("measures")
    upgraded.run(keep_old=True)
    (new,) = upgraded.ids("measures") - before
    versions = [trace_document(upgraded.lake, doc_id)["semantics"]["measures"] for doc_id in (min(before), new)]
    assert versions == [str(MEASURING.version), str(NEWER.version)]


def test_later_commits_still_tell_of_the_old_rows(upgraded, tmp_path):
    upgraded.run(keep_old=True)
    (tmp_path / "new.jsonl").write_text(json.dumps({"text": corpus.prose(3001)}))
    upgraded.run(keep_old=True)
    assert describe(upgraded.lake, "measures", {})["semantics"] == BOTH


NEWER_READING = Semantics("reading", {**READING.changes, READING.version + 1: "tables are text"})


@pytest.fixture
def reading_upgraded(upgraded, monkeypatch):
    """The same lake under unchanged measures and a new version of the readers."""
    monkeypatch.setattr(clean, "MEASURING", MEASURING)
    for module in (arrivals, reading_versions):
        monkeypatch.setattr(module, "READING", NEWER_READING)
    return upgraded


def test_files_that_an_older_version_read_are_read_again_and_one_line_says_why(reading_upgraded, capsys):
    files = reading_upgraded.lake.read("inputs").count()
    reading_upgraded.run()
    said = [line for line in capsys.readouterr().err.splitlines() if "read again" in line]
    assert said == [
        f"  note: {files} files are read again: reading is at version {NEWER_READING.version} now (tables are text), "
        f"and there are rows of version {READING.version}; --keep-old would keep them"
    ]
    assert describe(reading_upgraded.lake, "documents", {})["semantics"] == str(NEWER_READING.version)
    check(reading_upgraded.lake)


def test_documents_that_an_older_version_read_can_be_kept_beside_new_ones(reading_upgraded, capsys):
    reading_upgraded.run(keep_old=True)
    assert "read again" not in capsys.readouterr().err
    both = f"{READING.version},{NEWER_READING.version}"
    assert describe(reading_upgraded.lake, "documents", {})["semantics"] == both
    check(reading_upgraded.lake)
