"""Configuration errors name the file, the line and the key."""

import pytest

from jobs.config import RunConfig
from jobs.yaml_config import ConfigError, load


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "run.yaml"
        path.write_text(text)
        return path

    return write


def test_an_empty_file_gives_the_defaults(write):
    assert load(write(""), RunConfig).ingest.reject_limit == 0.5


def test_an_unknown_key_is_named_with_its_line(write):
    path = write("lake: x\ningest:\n  reject_limt: 0.1\n")
    with pytest.raises(ConfigError, match=rf"{path}:3: ingest.reject_limt: unknown key"):
        load(path, RunConfig)


def test_a_wrong_type_is_named_with_its_line(write):
    path = write("lake: x\n\ningest:\n  split_bytes: many\n")
    with pytest.raises(ConfigError, match=rf"{path}:4: ingest.split_bytes: "):
        load(path, RunConfig)


def test_every_problem_is_listed(write):
    with pytest.raises(ConfigError) as error:
        load(write("one: 1\ntwo: 2\n"), RunConfig)
    assert "one: unknown key" in str(error.value)
    assert "two: unknown key" in str(error.value)


def test_a_problem_inside_a_list_is_found(write):
    path = write("sources:\n  - name: a\n    path: x\n  - name: b\n    path: x\n    colour: red\n")
    with pytest.raises(ConfigError, match=rf"{path}:6: sources.1.colour: unknown key"):
        load(path, RunConfig)


def test_two_sources_of_one_name_are_refused(write):
    with pytest.raises(ConfigError, match="name 'a' is used twice"):
        load(write("sources:\n  - {name: a, path: x}\n  - {name: a, path: y}\n"), RunConfig)


def test_bad_yaml_says_where(write):
    with pytest.raises(ConfigError, match="line 2"):
        load(write("lake: x\nsources: ]\n"), RunConfig)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: No such file"):
        load(tmp_path / "nowhere.yaml", RunConfig)


def test_overrides_reach_into_sections_and_lists(write):
    path = write("sources:\n  - {name: a, path: x}\n")
    config = load(path, RunConfig, ["ingest.reject_limit=0.25", "sources.0.path=y", "tokenizer.vocab_size=300"])
    assert config.ingest.reject_limit == 0.25
    assert config.sources[0].path in ("y", ("y",))
    assert config.tokenizer.vocab_size == 300


@pytest.mark.parametrize("override", ["lake", "=x", "sources.7.path=y", "lake.deeper=1"])
def test_an_override_that_fits_nowhere_is_refused(write, override):
    with pytest.raises(ConfigError, match="--set"):
        load(write("lake: x\nsources:\n  - {name: a, path: x}\n"), RunConfig, [override])


def test_an_override_reaches_into_a_list_that_the_file_leaves_out(write):
    config = load(write("lake: x\n"), RunConfig, ["pack.0.length=64"])
    assert [packing.length for packing in config.pack] == [64]


@pytest.mark.parametrize("text", ["lake: x\n", "spark: {spark.ui.enabled: 'true'}\n"])
def test_a_spark_setting_is_overridden_by_its_own_name(write, text):
    config = load(write(text), RunConfig, ["spark.spark.driver.memory=1g", "spark.spark.sql.shuffle.partitions=4"])
    assert config.spark.items() >= {"spark.driver.memory": "1g", "spark.sql.shuffle.partitions": "4"}.items()


def test_variables_are_expanded(write, monkeypatch):
    monkeypatch.setenv("WHERE", "/data")
    assert load(write("lake: ${WHERE}/lake\n"), RunConfig).lake == "/data/lake"


def test_an_unset_variable_is_named(write):
    with pytest.raises(ConfigError, match="NO_SUCH_VARIABLE"):
        load(write("lake: ${NO_SUCH_VARIABLE}\n"), RunConfig)


def test_the_quickstart_is_valid():
    assert [source.name for source in load("examples/quickstart.yaml", RunConfig).sources][-1] == "python-help"
