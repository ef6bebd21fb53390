"""Configuration errors name the file, the line and the key."""

import os
import re

import pytest

from jobs.config import RunConfig
from jobs.yaml_config import ConfigError, load
from pipelines.readers.finding import find

PATHS = """
lake: ../lakes/mine
sources:
  - {name: a, path: [texts, "*.txt", /data, "s3://bucket/texts"], root: ..}
ingest: {language_model: ~/model.ftz}
clean: {policy: mine.yaml, urls: {domains: [domains.txt]}}
tokenizer: {load: tokenizer.json}
"""


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
    path = write("lake: x\nsources: ]\n")
    with pytest.raises(ConfigError, match=rf"{path}:2: not valid YAML: "):
        load(path, RunConfig)


def test_a_tab_is_told_with_its_line_and_what_to_do(write):
    path = write("clean:\n\tpolicy: none\n")
    with pytest.raises(ConfigError, match=rf"{path}:2: .*indent with spaces, not with tabs$"):
        load(path, RunConfig)


def test_a_key_that_stands_twice_is_told_with_its_second_line(write):
    path = write("clean:\n  policy: none\n  pii: {}\n  policy: gopher\n")
    with pytest.raises(ConfigError, match=rf"{path}:4: clean.policy: the key stands twice"):
        load(path, RunConfig)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom"])
def test_a_file_is_read_in_every_unicode_encoding_that_editors_write(tmp_path, encoding):
    text = "sources: [{name: größe, path: texts}]\n"
    data = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-bom" else text.encode(encoding)
    path = tmp_path / "run.yaml"
    path.write_bytes(data)
    assert load(path, RunConfig).sources[0].name == "größe"


@pytest.mark.parametrize("data", ["lake: x\n# é\n".encode("latin-1"), "lake: x\n# é\n".encode("utf-16-le")], ids=len)
def test_a_file_in_another_encoding_is_told_what_to_do(tmp_path, data):
    path = tmp_path / "run.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=rf"{path}:\d: not text in UTF-8: save the file as UTF-8"):
        load(path, RunConfig)


@pytest.mark.parametrize("text", ["- a\n- b\n", "words"])
def test_a_file_that_is_no_mapping_is_told_what_it_must_be(write, text):
    path = write(text)
    with pytest.raises(ConfigError, match=rf"{path}: the top level must be a mapping of sections, such as `lake:`"):
        load(path, RunConfig)


def test_a_section_without_keys_is_one_of_defaults(write):
    assert load(write("clean:\ningest:\n"), RunConfig).clean == RunConfig().clean


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: No such file"):
        load(tmp_path / "nowhere.yaml", RunConfig)


def test_overrides_reach_into_sections_and_lists(write):
    path = write("sources:\n  - {name: a, path: x}\n")
    config = load(path, RunConfig, ["ingest.reject_limit=0.25", "sources.0.path=y", "tokenizer.vocab_size=300"])
    assert config.ingest.reject_limit == 0.25
    assert config.sources[0].path == os.path.abspath("y")
    assert config.tokenizer.vocab_size == 300


@pytest.mark.parametrize("override", ["lake", "=x", "sources.7.path=y", "lake.deeper=1"])
def test_an_override_that_fits_nowhere_is_refused(write, override):
    with pytest.raises(ConfigError, match="--set"):
        load(write("lake: x\nsources:\n  - {name: a, path: x}\n"), RunConfig, [override])


def test_a_wrong_override_is_told_as_one(write):
    with pytest.raises(ConfigError, match=r"--set clean.polic=none: clean.polic: unknown key"):
        load(write("clean: {policy: none}\n"), RunConfig, ["clean.polic=none"])


def test_a_tokenizer_to_load_replaces_the_settings_of_one_to_train(write):
    path = write("tokenizer: {kind: bpe, vocab_size: 300}\n")
    with pytest.raises(ConfigError, match=r"drop kind, vocab_size \(.*--set 'tokenizer=\{load: PATH\}'"):
        load(path, RunConfig, ["tokenizer.load=/tokenizer.json"])
    assert str(load(path, RunConfig, ["tokenizer={load: /tokenizer.json}"]).tokenizer.load) == "/tokenizer.json"


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


def test_relative_paths_start_from_the_folder_of_the_file(tmp_path, monkeypatch):
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "run.yaml").write_text(PATHS)
    monkeypatch.chdir(tmp_path)
    config = load("settings/run.yaml", RunConfig)
    assert config.lake == f"{tmp_path}/lakes/mine"
    assert config.sources[0].path == (f"{folder}/texts", f"{folder}/*.txt", "/data", "s3://bucket/texts")
    assert config.sources[0].root == str(tmp_path)
    assert config.ingest.language_model == os.path.expanduser("~/model.ftz")
    assert config.clean.policy == f"{folder}/mine.yaml"
    assert config.clean.urls.domains == (f"{folder}/domains.txt",)
    assert str(config.tokenizer.load) == f"{folder}/tokenizer.json"


def test_relative_paths_of_overrides_start_from_the_working_directory(write, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    path = write("lake: lakes/mine\nsources: [{name: a, path: x}]\n")
    config = load(
        path, RunConfig, ["lake=lake", "sources.0.path=[y]", "tokenizer={load: t.json}", "clean.policy=p.yml"]
    )
    assert config.lake == f"{elsewhere}/lake"
    assert config.sources[0].path == (f"{elsewhere}/y",)
    assert str(config.tokenizer.load) == f"{elsewhere}/t.json"
    assert config.clean.policy == f"{elsewhere}/p.yml"


def test_a_lake_that_is_not_named_lies_beside_the_file(write, tmp_path):
    assert load(write("clean: {policy: none}\n"), RunConfig).lake == f"{tmp_path}/lakes/default"


def test_the_name_of_a_policy_is_no_path(write):
    assert load(write("clean: {policy: gopher}\n"), RunConfig).clean.policy == "gopher"


def test_only_what_is_written_is_a_pattern_not_the_folder_of_the_file(tmp_path):
    folder = tmp_path / "[a]"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text("words")
    (folder / "run.yaml").write_text("sources: [{name: a, path: '*.txt'}, {name: b, path: a.txt}]\n")
    sources = load(folder / "run.yaml", RunConfig).sources
    assert [[found.relative for found in find(source)] for source in sources] == [["a.txt", "b.txt"], ["a.txt"]]


def test_every_setting_that_holds_paths_is_marked():
    """By how their descriptions begin: a new one must start from the file's folder too."""
    unmarked = [
        f"{section.__name__}.{name}"
        for section in sections(RunConfig)
        for name, field in section.model_fields.items()
        if re.search(r"^(files?|folder|path)\b|\bpath of\b", field.description or "") and not section.location(name)
    ]
    assert unmarked == []


def sections(section):
    yield section
    for name in section.model_fields:
        if (below := section.section(name)) is not None:
            yield from sections(below)


def test_the_quickstart_is_valid():
    config = load("examples/quickstart.yaml", RunConfig)
    assert config.sources[-1].name == "python-help"
    assert config.lake == os.path.abspath("lakes/quickstart")
