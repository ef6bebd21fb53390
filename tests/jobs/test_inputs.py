"""`--input PATH`: sources named after their paths, which keep their names in later runs."""

import shutil

import pytest
from delivered import Repeated, line, text

from jobs.config import RunConfig
from jobs.inputs import add_inputs, with_known_names
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.yaml_config import ConfigError, load
from lake.lake import Lake


@pytest.fixture
def command(engine, tmp_path):
    """`tokenlake run config.yaml --input … --only-input --set …` in this process; returns the names of the sources."""
    (tmp_path / "config.yaml").write_text(
        f"lake: {tmp_path}/lake\nsources: [{{name: mine, path: {tmp_path}}}]\nclean: {{policy: none}}\n"
        "tokenizer: {vocab_size: 300}\npack: [{length: 64}]\n"
    )

    def run(*paths, overrides=(), only=True):
        given = [str(path) for path in paths]
        config = load(tmp_path / "config.yaml", RunConfig, overrides, lambda data: add_inputs(given, only, data))
        config = with_known_names(config, len(given))
        assert run_stages(engine, config, Reporter()) == 0
        return [source.name for source in config.sources]

    return run


@pytest.fixture
def repositories(tmp_path):
    """Two folders called `docs` that share a file."""
    for name, topic in (("one", "ferry"), ("two", "harbour")):
        folder = tmp_path / name / "docs"
        folder.mkdir(parents=True)
        (folder / "LICENSE.md").write_text(text("licence"))
        (folder / f"{topic}.md").write_text(text(topic))
        (folder / "README.md").write_text(text(f"readme of {name}"))
    return tmp_path


def read(engine, root) -> Repeated:
    return Repeated(engine, root)


def test_two_folders_of_one_name_are_two_sources(engine, command, repositories):
    one, two = repositories / "one" / "docs", repositories / "two" / "docs"
    assert command(one) == ["docs"]
    assert command(two) == ["docs-2"]
    again = read(engine, repositories)
    assert len(again.documents()["LICENSE.md"]) == 2
    assert len(again.clean_texts()) == 5
    versions = again.versions()
    assert command(two) == ["docs-2"]
    assert command(two, one) == ["docs-2", "docs"]
    assert again.versions() == versions


def test_a_moved_folder_keeps_its_name(engine, command, repositories):
    one, two = repositories / "one" / "docs", repositories / "two" / "docs"
    command(one, two)
    two.rename(repositories / "docs")
    versions = read(engine, repositories).versions()
    assert command(repositories / "docs") == ["docs-2"]
    assert read(engine, repositories).versions() == versions


def test_a_renamed_folder_keeps_its_name(engine, command, repositories):
    one = repositories / "one" / "docs"
    command(one)
    one.rename(repositories / "manual")
    versions = read(engine, repositories).versions()
    assert command(repositories / "manual") == ["docs"]
    assert read(engine, repositories).versions() == versions


def test_the_working_directory_is_named_by_its_folder(command, repositories, monkeypatch):
    monkeypatch.chdir(repositories / "one" / "docs")
    assert command(".") == ["docs"]


def test_another_folder_in_the_place_of_one_that_is_gone_is_another_source(engine, command, repositories):
    one, two = repositories / "one" / "docs", repositories / "two" / "docs"
    command(one)
    shutil.rmtree(one)
    (two / "README.md").unlink()
    (two / "LICENSE.md").unlink()
    assert command(two) == ["docs-2"]
    assert text("ferry") in read(engine, repositories).clean_texts()


def test_settings_of_an_input_can_be_set(engine, command, tmp_path):
    posts = tmp_path / "posts.jsonl"
    posts.write_text(
        line("no").replace('"text"', '"body"') + "\n" + line(text("rope")).replace('"text"', '"body"') + "\n"
    )
    command(posts, overrides=["sources.0.text_column=body", "sources.0.name=forum"])
    assert [row.source for row in Lake(f"{tmp_path}/lake", engine).read("documents").collect()] == ["forum"] * 2


def test_a_setting_of_a_source_that_is_not_there_is_refused(command, tmp_path):
    with pytest.raises(ConfigError, match=r"sources\.1\.text_column"):
        command(tmp_path / "config.yaml", overrides=["sources.1.text_column=body"])
