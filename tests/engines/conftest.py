"""One corpus, one more file for it, and what Sail makes of them without a disturbance: what all others must equal."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import corpus
import engine_commands
import pytest
import yaml

from pipelines.policies.files import load
from pipelines.readers.config import DEFAULT_EXCLUDE

MODELS = Path(__file__).parents[1] / "language" / "models"
CLASSIFIER = {"name": "edu", "model": str(MODELS / "softmax_pruned.ftz"), "label": "__label__hq"}


@dataclass(frozen=True)
class Expected:
    """Two configurations over one growing folder, and the lakes that Sail makes under them."""

    first_config: Path
    second_config: Path
    first: Path  # the lake after a run over the first folder
    second: Path  # and after a second run over both, less a file


@pytest.fixture(scope="session")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Spark Connect server."""
    with engine_commands.connect_server(tmp_path_factory.mktemp("connect")) as address:
        yield address


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    """Made once."""
    folder = tmp_path_factory.mktemp("expected")
    first, more = corpus.make(folder / "corpus", 100), corpus.make(folder / "more", 40, first=70)
    configs = [_config(folder / "first.yaml", first), _config(folder / "second.yaml", first, more)]
    engine_commands.run(configs[0], folder / "lake", engine_commands.SAIL)
    shutil.copytree(folder / "lake", folder / "grown")
    engine_commands.run(configs[1], folder / "grown", engine_commands.SAIL)
    return Expected(*configs, folder / "lake", folder / "grown")


@pytest.fixture(scope="session")
def features_config(expected: Expected, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first configuration, and files that features are computed from."""
    folder = tmp_path_factory.mktemp("features")
    settings = yaml.safe_load(expected.first_config.read_text())
    example = engine_commands.PROJECT / "examples" / "features.yaml"
    settings["features"] = yaml.safe_load(example.read_text())["features"]
    path = shutil.copytree(example.parent, folder / "examples") / "with_corpus.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


@dataclass(frozen=True)
class ExpectedFeatures:
    """Three lakes with features that Sail computed."""

    first: Path  # of the first lake
    grown: Path  # the same after the second run of all stages, whose rows have no features yet
    second: Path  # and after features were computed again


@pytest.fixture(scope="session")
def expected_features(
    expected: Expected, features_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> ExpectedFeatures:
    """Made once."""
    folder = tmp_path_factory.mktemp("expected_features")
    first = shutil.copytree(expected.first, folder / "first")
    engine_commands.run(features_config, first, engine_commands.SAIL, command=engine_commands.FEATURES)
    grown = shutil.copytree(first, folder / "grown")
    engine_commands.run(expected.second_config, grown, engine_commands.SAIL)
    second = shutil.copytree(grown, folder / "second")
    engine_commands.run(features_config, second, engine_commands.SAIL, command=engine_commands.FEATURES)
    return ExpectedFeatures(first, grown, second)


def _policy(folder: Path) -> Path:
    """The policy of the corpus, and one that looks at a classifier's score."""
    path = folder / "scored.yaml"
    order = [*load("technical").order, "classifiers"]
    rules = {"classifiers": {"min_edu": 0.5}}
    path.write_text(yaml.safe_dump({"extends": "technical", "name": "scored", "order": order, "rules": rules}))
    return path


def _benchmark(folder: Path) -> Path:
    """Beginnings of paragraphs that the corpus draws from."""
    path = folder / "topics.txt"
    path.write_text("\n".join(" ".join(paragraph.split()[:16]) for paragraph in corpus.PARAGRAPHS[::12]))
    return path


def _pairs(folder: Path, excluded: str) -> dict[str, Any]:
    """Sentence pairs in two formats, with duplicates and rejects; the section of a run that sees all files but one."""
    folder.mkdir(exist_ok=True)
    lines = [f"This is sentence {n % 70}.\tDas ist Satz {n % 40}{'!' * (n % 2)}\n" for n in range(120)]
    (folder / "a.tsv").write_text("".join([*lines[:80], "no pair\n"]))
    (folder / "b.en").write_text("One.\nTwo.\n12345 67\n")
    (folder / "b.de").write_text("Eins.\nZwei.\n89\n")
    (folder / "c.tsv").write_text("".join(lines[60:]))
    source = {"name": "pairs", "path": str(folder), "languages": ["en", "de"], "exclude": [excluded]}
    dedup = {"by": "target", "group_by": "source_or_target"}
    return {"sources": [source], "policy": "hardrules", "identify_languages": True, "dedup": dedup}


def _config(path: Path, *folders: Path) -> Path:
    settings = json.loads(corpus.config("unused", folders[0]).model_dump_json(exclude_unset=True))
    settings["sources"] += [{"name": folder.name, "path": str(folder)} for folder in folders[1:]]
    if len(folders) > 1:  # the second run also takes a document out of every table
        settings["sources"][0]["exclude"] = [*DEFAULT_EXCLUDE, "page.html"]
    settings["clean"] |= {"policy": str(_policy(path.parent)), "measure": {"classifiers": [CLASSIFIER]}}
    settings["decontaminate"] = {"benchmarks": [{"name": "topics", "path": str(_benchmark(path.parent))}]}
    settings["pairs"] = _pairs(path.parent / "pairs", "a.tsv" if len(folders) > 1 else "c.tsv")
    settings["pack"][0]["shard_tokens"] = 4000  # several shards, so that their order matters
    settings["tokenizer"]["special_tokens"] = ["<|endoftext|>", "<|pad|>", "[CLS]", "[SEP]", "[MASK]"]
    settings["masked"] = [{"length": 64, "heldout": 0.1, "shard_tokens": 4000}]
    path.write_text(yaml.safe_dump(settings))
    return path
