"""Passages that repeat are row for row the same, whichever engine compared them."""

import shutil

import corpus
import lake_rows
import pytest
import yaml
from engine_commands import CONNECT, SAIL, SPARK, run

BEFORE, COMPARE = [("stage", "ingest"), ("stage", "clean")], ("stage", "dedup")
POLICY = {"order": [], "passages": {"min_words": 20, "boilerplate_pages": 3, "boilerplate_share": 0}}


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """(configuration, lake before the stage, lake after it on Sail): first of a few documents, then of more of them,
    less a file."""
    folder = tmp_path_factory.mktemp("passages")
    (folder / "policy.yaml").write_text(yaml.safe_dump(POLICY))
    corpora = [corpus.make(folder / "one", 40), corpus.make(folder / "two", 30, first=20)]
    lake, made = folder / "lake", []
    for number, exclude in ((1, []), (2, ["page.html"])):
        sources = [
            {"name": path.name, "path": str(path), "url_column": "url", "exclude": exclude}
            for path in corpora[:number]
        ]
        settings = {
            "sources": sources,
            "clean": {"policy": str(folder / "policy.yaml")},
            "dedup": {"passages": {"sentences": {"window": 2}, "paragraphs": {}, "boilerplate": {}}},
        }
        config = folder / f"{number}.yaml"
        config.write_text(yaml.safe_dump(settings))
        for command in BEFORE:
            run(config, lake, SAIL, command=command)
        before = shutil.copytree(lake, folder / f"before {number}")
        run(config, lake, SAIL, command=COMPARE)
        made.append((config, before, shutil.copytree(lake, folder / f"after {number}")))
    return made


@pytest.mark.parametrize("engine", [SPARK, CONNECT], ids=["spark", "connect"])
@pytest.mark.parametrize("state", [0, 1], ids=["all are new", "some come, some go"])
def test_the_same_passages_repeat(states, state, engine, request, tmp_path):
    config, before, after = states[state]
    lake = shutil.copytree(before, tmp_path / "lake")
    run(config, lake, engine, request.getfixturevalue("connect") if engine == CONNECT else "", COMPARE)
    assert {"passages", "passage_decisions"} <= set(lake_rows.tables(lake))
    assert list(lake_rows.differences(lake, after)) == []
