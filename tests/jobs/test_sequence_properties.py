"""What the properties of a table of sequences say is true of its rows, also after the configuration changes."""

import shutil

import corpus
import pytest

from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake
from pipelines.tables import CONTRACT, CONTRACT_PROPERTY, SequenceFormat
from pipelines.tokenizer.load import parse


@pytest.fixture
def copy(engine, lake, tmp_path):
    return Lake(str(shutil.copytree(lake, tmp_path / "lake")), engine)


def format_of(lake, version=None):
    return SequenceFormat.of(lake.properties("sequences_causal", version))


def lengths(lake, version=None):
    rows = lake.read("sequences_causal", version).select("ids").toArrow()["ids"].to_pylist()
    return {len(ids) for ids in rows}


def test_the_properties_name_the_tokenizer_and_its_tokens(copy):
    [file] = [entry.name for entry in copy.storage.entries("tokenizers")]
    tokenizer = parse(copy.storage.read_text(f"tokenizers/{file}"))
    assert format_of(copy) == SequenceFormat(
        "causal", 128, 16, tokenizer.padding(), tokenizer.separator(), tokenizer.fingerprint
    )


def test_another_length_changes_rows_and_properties_in_one_version(engine, copy, corpus_folder):
    config = corpus.config(copy.root, corpus_folder)
    longer = [config.pack[0].model_copy(update={"length": 256})]
    before = copy.version("sequences_causal")
    run_stages(engine, config.model_copy(update={"pack": longer}), Reporter(), ["pack"])
    after = copy.version("sequences_causal")
    assert after == before + 1
    assert [format_of(copy, version).length for version in (before, after)] == [128, 256]
    assert [lengths(copy, version) for version in (before, after)] == [{256}, {512}]


def test_every_table_that_a_run_makes_carries_the_version_of_the_contract(copy):
    assert {copy.properties(name).get(CONTRACT_PROPERTY) for name in copy.tables()} == {str(CONTRACT)}
