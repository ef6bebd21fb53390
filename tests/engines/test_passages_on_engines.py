"""Passages that repeat are row for row the same, whichever engine compared them."""

import shutil

import corpus
import lake_rows
import pytest
import yaml
from engine_commands import CONNECT, SAIL, SPARK, run

POLICY = {"order": [], "passages": {"min_words": 20, "boilerplate_pages": 3, "boilerplate_share": 0}}


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    """A configuration over a few documents, and one over more of them, less a file."""
    folder = tmp_path_factory.mktemp("passages")
    (folder / "policy.yaml").write_text(yaml.safe_dump(POLICY))
    corpora = [corpus.make(folder / "one", 40), corpus.make(folder / "two", 30, first=20)]
    made = []
    for number, exclude in ((1, []), (2, ["page.html"])):
        sources = [
            {"name": path.name, "path": str(path), "url_column": "url", "exclude": exclude}
            for path in corpora[:number]
        ]
        settings = {
            "sources": sources,
            "clean": {"policy": str(folder / "policy.yaml")},
            "dedup": {"passages": {"sentences": {"window": 2}, "paragraphs": {}, "boilerplate": {}}},
            "tokenizer": {"vocab_size": 400},
            "pack": [{"length": 64}],
        }
        made.append(folder / f"{number}.yaml")
        made[-1].write_text(yaml.safe_dump(settings))
    return made


@pytest.fixture(scope="module")
def lakes(configs, tmp_path_factory):
    """What Sail makes of the first, and then of the second."""
    folder = tmp_path_factory.mktemp("sail")
    run(configs[0], folder / "first", SAIL)
    shutil.copytree(folder / "first", folder / "second")
    run(configs[1], folder / "second", SAIL)
    return folder / "first", folder / "second"


@pytest.mark.parametrize("engine", [SPARK, CONNECT], ids=["spark", "connect"])
def test_documents_that_come_and_go_repeat_the_same_passages(configs, lakes, engine, request, tmp_path):
    remote = request.getfixturevalue("connect") if engine == CONNECT else ""
    for config, expected in zip(configs, lakes, strict=True):
        run(config, tmp_path / "lake", engine, remote)
        assert {"passages", "passage_decisions"} <= set(lake_rows.tables(tmp_path / "lake"))
        assert list(lake_rows.differences(tmp_path / "lake", expected)) == []
