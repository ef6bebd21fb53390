"""Every table that a step reads is read at one version, and its commit names table and version."""

import json
import shutil
from dataclasses import replace

import corpus
import pytest

from jobs import pipeline
from jobs.arguments import STAGES
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake
from lake.ledger import plan
from pipelines.semantics import SIGNING
from pipelines.tables import MEASURES, SIGNATURES

STEPS = ("measures", "decisions", "signatures", "duplicates", "clean_documents", "tokens", "sequences_causal")


class ReadingLake(Lake):
    """A lake that notes the (table, version) of every read, and what each commit says it read."""

    def __init__(self, root, engine=None):
        super().__init__(root, engine)
        self.reads = set()
        self.steps = {}  # table -> (reads since the commit before, the commit's metadata)

    def read(self, table, version=None, run_ids=None):
        self.reads.add((table, version))
        return super().read(table, version, run_ids)

    def read_holding(self, table, version, wanted):
        self.reads.add((table, version))
        return super().read_holding(table, version, wanted)

    def change(self, table, removed, added, metadata, base):
        self._note(table, metadata)
        super().change(table, removed, added, metadata, base)

    def commit_files(self, files, table, metadata, mode, base):
        self._note(table, metadata)
        super().commit_files(files, table, metadata, mode, base)

    def _note(self, table, metadata):
        self.steps[table.name] = (frozenset(self.reads), metadata)
        self.reads.clear()


@pytest.fixture(scope="module")
def runs(engine, tmp_path_factory):
    """The steps of a first run, of one over more files, and of one under another policy."""
    folder = tmp_path_factory.mktemp("pinned")
    texts = corpus.make(folder / "texts", 30)
    first = corpus.config(str(folder / "lake"), texts)
    policy = {"clean": first.clean.model_copy(update={"policy": "none"})}
    made = {"first": _steps(engine, first)}
    lines = [corpus.prose(2000), corpus.prose(3), corpus.near_copy(corpus.prose(3))]
    (texts / "more.jsonl").write_text("\n".join(json.dumps({"text": line}) for line in lines))
    made["more files"] = _steps(engine, first)
    made["other policy"] = _steps(engine, first.model_copy(update=policy))
    return made


def _steps(engine, config):
    lakes = []

    def opened(root, engine):
        lakes.append(ReadingLake(root, engine))
        return lakes[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "Lake", opened)
        run_stages(engine, config, Reporter(), STAGES, conclude=False)
    return lakes[0].steps


@pytest.mark.parametrize("run", ["first", "more files", "other policy"])
def test_a_commit_names_every_table_that_its_step_read_at_the_version_read(runs, run):
    made = {table: each for table, each in runs[run].items() if table in STEPS}
    assert {table: set(reads) for table, (reads, _) in made.items()} == {
        table: set(metadata.inputs.items()) for table, (_, metadata) in made.items()
    }
    assert made.keys() >= set(STEPS) - {"measures"}


def test_an_update_names_the_version_that_it_replaces(runs):
    _, metadata = runs["more files"]["duplicates"]
    assert metadata.inputs["duplicates"] == 0


@pytest.mark.parametrize(("mode", "work"), [("append", "nothing"), ("rebuild", "rebuild")])
def test_only_a_rebuild_of_a_side_input_makes_work(engine, lake, tmp_path, mode, work):
    copy = Lake(str(shutil.copytree(lake, tmp_path / "lake")), engine)
    metadata = replace(copy.last_own_commit(MEASURES.name).metadata, run_id="another", mode=mode)
    copy.commit_files([], MEASURES, metadata, "append", copy.version(MEASURES.name))
    settings = copy.last_own_commit(SIGNATURES.name).metadata.config_hash
    assert plan(copy, "dedup", SIGNATURES, ["decisions", "measures"], settings, SIGNING).mode == work
