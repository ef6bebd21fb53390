"""Settings of execution leave a finished lake as it is; those with a meaning make anew what depends on them."""

import json
import shutil
from io import StringIO
from pathlib import Path

import corpus
import pytest
from test_config_roles import fields

from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.stages.arrivals import reading_settings
from lake.lake import Lake
from pipelines.config import Role
from pipelines.readers.config import SourceConfig
from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.load import parse
from pipelines.tokenizer.train import train

EXAMPLES = Path(__file__).parents[2] / "examples"
_BITEXT = {
    "path": str(EXAMPLES / "sentences.tsv"),
    "columns": ["source", "target", "time"],
    "source_language": "de",
    "target_language": "en",
}


def others(lake, folder, moved):
    """For each setting of execution: the configuration's key, and another value."""
    return {
        ("RunConfig", "lake"): ({}, ("lake", lake)),
        ("RunConfig", "engine"): ({}, ("engine", "sail")),
        ("RunConfig", "profile"): ({}, ("profile", "large")),
        ("RunConfig", "spark"): ({}, ("spark", {"spark.sql.shuffle.partitions": "3"})),
        ("SourceConfig", "path"): ("source", ("path", str(moved))),
        ("SourceConfig", "root"): ("source", ("root", str(folder))),
        ("SourceConfig", "exclude"): ("source", ("exclude", ["*.nothing"])),
        ("SourceConfig", "on_change"): ("source", ("on_change", "keep")),
        ("SourceConfig", "on_delete"): ("source", ("on_delete", "keep")),
        ("IngestConfig", "delete_limit"): ("ingest", ("delete_limit", 0.1)),
        ("IngestConfig", "reject_limit"): ("ingest", ("reject_limit", 1.0)),
        ("IngestConfig", "split_bytes"): ("ingest", ("split_bytes", 2048)),
        ("IngestConfig", "batch_bytes"): ("ingest", ("batch_bytes", 1 << 20)),
        ("CleanConfig", "rewrite_limit"): ("clean", ("rewrite_limit", 0.9)),
        ("DedupConfig", "driver_documents"): ("dedup", ("driver_documents", 0)),
        ("DedupConfig", "driver_edges"): ("dedup", ("driver_edges", 0)),
        ("TokenizerConfig", "encoder"): ("tokenizer", ("encoder", "tokenizers")),
        ("FeaturesConfig", "glossary"): ("features", ("glossary", [str(EXAMPLES / "glossary.csv")])),
        ("FeaturesConfig", "clients"): ("features", ("clients", str(EXAMPLES / "clients.yaml"))),
        ("FeaturesConfig", "requests"): ("features", ("requests", [str(EXAMPLES / "requests.csv")])),
        ("BitextConfig", "path"): ("features", ("bitext", [_BITEXT])),
    }


ELSEWHERE = {("BenchmarkConfig", "path")}  # tests/jobs/test_decontamination.py: this corpus names no benchmark
_OF_PAIRS = ("PairSourceConfig", "PairsConfig")  # tests/bitext/test_pair_settings.py: nor sentence pairs

EXECUTION = sorted(
    {
        (section.__name__, name)
        for section, name in fields()
        if section.role(name) is Role.EXECUTION and section.__name__ not in _OF_PAIRS
    }
    - ELSEWHERE,
)


def changed(config, section, key, value):
    """The configuration with another value."""
    data = config.model_dump(mode="json", exclude_unset=True)
    if section == "source":
        data["sources"][0][key] = value
    else:
        (data.setdefault(section, {}) if section else data)[key] = value
    return RunConfig.model_validate(data)


def versions(lake):
    return {name: lake.version(name) for name in lake.tables()}


@pytest.fixture(scope="module")
def copied(lake, tmp_path_factory):
    """A finished lake that has moved."""
    return str(shutil.copytree(lake, tmp_path_factory.mktemp("moved") / "lake"))


@pytest.mark.parametrize("setting", EXECUTION, ids=".".join)
def test_another_setting_of_execution_commits_nothing(engine, copied, corpus_folder, tmp_path, setting):
    moved = shutil.copytree(corpus_folder, tmp_path / "moved")
    section, (key, value) = others(copied, Path(corpus_folder), moved)[setting]
    config = changed(corpus.config(copied, corpus_folder), section, key, value)
    assert config != corpus.config("another", corpus_folder)
    lake = Lake(copied, engine)
    before = versions(lake)
    assert run_stages(engine, config, Reporter(), conclude=False) == 0
    assert versions(lake) == before


class Sources:
    """A lake of two sources, `old` and `new`, and what the runs said."""

    def __init__(self, engine, folder):
        self.engine, self.folder = engine, folder
        self.lake = Lake(str(folder / "lake"), engine)
        self.write("old", 1, 2, 3)

    def write(self, source, *numbers):
        file = self.folder / source / f"{numbers[0]}.jsonl"
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(json.dumps({"text": corpus.prose(number)}) + "\n" for number in numbers))

    def run(self, **priorities):
        """Runs `ingest` to `dedup` over these sources; returns the tables with a new version, and the output."""
        before, said = versions(self.lake), StringIO()
        data = {
            "lake": self.lake.root,
            "sources": [
                {"name": name, "path": str(self.folder / name), "priority": priority}
                for name, priority in priorities.items()
            ],
            "clean": {"policy": "none"},
        }
        config = RunConfig.model_validate(data)
        run_stages(self.engine, config, Reporter(stream=said), ("ingest", "clean", "dedup"), conclude=False)
        return {name for name, version in versions(self.lake).items() if before.get(name) != version}, said.getvalue()

    def mode(self, table):
        return self.lake.last_own_commit(table).metadata.mode

    def priorities(self):
        signed = self.lake.read("signatures").join(self.lake.read("documents"), on="doc_id")
        return {(row.source, row.priority) for row in signed.select("source", "priority").distinct().collect()}


@pytest.fixture
def sources(engine, tmp_path):
    return Sources(engine, tmp_path)


def test_a_new_source_with_a_priority_rebuilds_nothing(sources):
    sources.run(old=1)
    sources.write("new", 4)
    sources.run(old=1, new=5)
    assert {sources.mode(table) for table in ("signatures", "duplicates", "clean_documents")} == {"append"}
    assert sources.priorities() == {("old", 1), ("new", 5)}
    assert sources.run(old=1, new=5)[0] == set()


def test_a_source_that_is_not_configured_now_keeps_its_priority(sources):
    sources.run(old=7)
    sources.write("new", 4)
    sources.run(new=0)
    assert sources.mode("signatures") == "append"
    assert sources.run(old=7, new=0)[0] == set()
    assert sources.run(new=0)[0] == set()


def test_another_priority_of_a_signed_source_signs_again_and_says_so(sources):
    sources.run(old=7)
    committed, said = sources.run(old=2)
    assert committed >= {"signatures", "duplicates", "clean_documents"}
    assert sources.mode("signatures") == "rebuild"
    assert "signatures is made anew: the priority of a source has changed (old from 7 to 2)" in said
    assert sources.priorities() == {("old", 2)}


def test_another_priority_of_a_source_without_documents_changes_nothing(sources):
    (sources.folder / "new").mkdir()
    (sources.folder / "new" / "empty.jsonl").write_text('{"text": " "}\n')
    sources.run(old=7, new=1)
    assert sources.run(old=7, new=9)[0] == set()


def test_a_language_model_counts_by_its_content_wherever_it_lies(tmp_path):
    one, moved, other = (tmp_path / name for name in ("one.bin", "moved.bin", "other.bin"))
    one.write_bytes(b"a model")
    moved.write_bytes(b"a model")
    other.write_bytes(b"another")
    source = SourceConfig(name="s", path="p")
    settings = [reading_settings(source, str(path)) for path in (one, moved, other)]
    assert settings[0] == settings[1] != settings[2]


class Tokenized:
    """A copy of a finished lake, tokenized again with the tokenizer in a file."""

    def __init__(self, engine, root, folder, file):
        self.engine, self.folder, self.lake = engine, folder, Lake(root, engine)
        self.write(file, 400)

    def write(self, file, vocab_size):
        trained = train(["one two three four five six seven"] * 9, TokenizerConfig(vocab_size=vocab_size))
        file.write_text(trained.json)

    def run(self, file):
        config = changed(corpus.config(self.lake.root, self.folder), None, "tokenizer", {"load": str(file)})
        run_stages(self.engine, config, Reporter(), ("tokenize", "pack"), conclude=False)
        return {row.tokenizer for row in self.lake.read("tokens").select("tokenizer").distinct().collect()}


@pytest.fixture
def tokenized(engine, lake, corpus_folder, tmp_path):
    root = str(shutil.copytree(lake, tmp_path / "lake"))
    return Tokenized(engine, root, corpus_folder, tmp_path / "tokenizer.json")


def test_a_tokenizer_that_has_moved_encodes_nothing_again(tokenized, tmp_path):
    tokenized.run(tmp_path / "tokenizer.json")
    before = tokenized.lake.version("tokens")
    (tmp_path / "tokenizer.json").rename(tmp_path / "moved.json")
    tokenized.run(tmp_path / "moved.json")
    assert tokenized.lake.version("tokens") == before


def test_a_tokenizer_that_has_gone_is_the_one_that_the_lake_keeps(tokenized, tmp_path):
    used = tokenized.run(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").unlink()
    assert tokenized.run(tmp_path / "tokenizer.json") == used


def test_another_tokenizer_under_the_same_path_encodes_again_and_the_first_is_kept(tokenized, tmp_path):
    (used,) = tokenized.run(tmp_path / "tokenizer.json")
    tokenized.write(tmp_path / "tokenizer.json", 262)
    assert tokenized.run(tmp_path / "tokenizer.json") != {used}
    kept = tokenized.lake.storage.read_text(f"tokenizers/default-{used}.json")
    assert parse(kept).fingerprint == used
