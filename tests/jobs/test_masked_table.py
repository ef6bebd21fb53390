"""A lake's table for masked language models: made, kept up to date, checked, read, reported."""

import shutil
from pathlib import Path

import corpus
import pytest
from delivered import Repeated, line, text

from jobs import preflight
from jobs.checks.lake import check
from jobs.cli import UsageError
from jobs.config import RunConfig
from jobs.funnel import lines
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.report import collect
from jobs.yaml_config import load
from lake.lake import Lake
from pipelines.sequences.reader import Sequences
from pipelines.tables import SequenceFormat
from pipelines.tokenizer.load import TokenizerError, parse

SPECIAL = ["<|endoftext|>", "<|pad|>", "[CLS]", "[SEP]", "[MASK]"]
MASKED = {"name": "bert", "length": 64, "heldout": 0.1}


def config_of(root, folder, **sections) -> RunConfig:
    given = corpus.config(root, folder).model_dump(mode="json", exclude_unset=True)
    tokenizer = {"name": "bert", "vocab_size": 600, "special_tokens": SPECIAL}
    return RunConfig.model_validate({**given, "tokenizer": tokenizer, "masked": [MASKED], **sections})


@pytest.fixture(scope="module")
def bert(engine, lake, corpus_folder, tmp_path_factory) -> Lake:
    """A copy of the session's lake with another tokenizer and a table `sequences_bert`."""
    copied = Lake(str(shutil.copytree(lake, tmp_path_factory.mktemp("bert") / "lake")), engine)
    run_stages(engine, config_of(copied.root, corpus_folder), Reporter(), ["tokenize", "pack"])
    return copied


def test_the_properties_name_the_special_tokens(bert):
    described = SequenceFormat.of(bert.properties("sequences_bert"))
    [file] = [entry.name for entry in bert.storage.entries("tokenizers") if entry.name.startswith("bert")]
    tokenizer = parse(bert.storage.read_text(f"tokenizers/{file}"))
    assert described == SequenceFormat(
        "masked",
        64,
        16,
        tokenizer.token_id("<|pad|>"),
        tokenizer.token_id("[SEP]"),
        tokenizer.fingerprint,
        start_id=tokenizer.token_id("[CLS]"),
        mask_id=tokenizer.token_id("[MASK]"),
        vocabulary=tokenizer.vocabulary_size,
    )


def test_the_sentences_of_a_document_decode_to_its_text(bert):
    read = Sequences(bert.root, "bert")
    documents = read.documents()
    clean = bert.read("clean_documents").select("doc_id", "text").toArrow().to_pylist()
    assert {doc_id: read.text(ids) for doc_id, ids in documents.items()} == {
        row["doc_id"]: row["text"] for row in clean
    }


def test_texts_of_a_row_are_without_marks(bert):
    read = Sequences(bert.root, "bert")
    clean = {row["doc_id"]: row["text"] for row in bert.read("clean_documents").toArrow().to_pylist()}
    for row in read.rows("train"):
        pieces = read.texts(row)
        assert len(pieces) == 2
        assert row.language
        for doc_id, _, words in pieces:
            assert words.strip("\ufffd") in clean[doc_id]


def test_every_check_holds(bert):
    findings = list(check(bert))
    assert [str(each) for each in findings if not each.holds] == []
    names = [each.name for each in findings]
    assert any(name.startswith("sequences_bert: each sentence is in one row") for name in names)
    assert "sequences_bert: tokens of sentences = tokens of A and true B" in names


def test_a_table_that_lost_rows_fails_the_check(bert, engine, tmp_path):
    from deltalake import DeltaTable

    copied = Lake(str(shutil.copytree(bert.root, tmp_path / "lake")), engine)
    DeltaTable(copied.path("sequences_bert")).delete("position = 3")
    failed = [each.name for each in check(Lake(copied.root, engine)) if not each.holds]
    assert failed == [
        "sequences_bert: each sentence is in one row as its document's own, and random segments are of other documents"
    ]


def test_the_report_and_the_funnel_show_the_table(bert):
    shown = "\n".join(lines(collect(bert)))
    assert "sequences_bert, train" in shown
    assert "of 64 tokens" in shown


def test_nothing_new_commits_nothing(bert, engine, corpus_folder):
    before = bert.version("sequences_bert")
    run_stages(engine, config_of(bert.root, corpus_folder), Reporter(), ["pack"])
    assert bert.version("sequences_bert") == before


def test_another_length_makes_the_table_anew(bert, engine, corpus_folder):
    longer = [{**MASKED, "length": 128}]
    run_stages(engine, config_of(bert.root, corpus_folder, masked=longer), Reporter(), ["pack"])
    assert SequenceFormat.of(bert.properties("sequences_bert")).length == 128
    assert {len(row.ids) for row in Sequences(bert.root, "bert").rows()} == {128}
    run_stages(engine, config_of(bert.root, corpus_folder), Reporter(), ["pack"])


def test_a_tokenizer_without_a_class_token_is_refused_before_the_run(tmp_path, corpus_folder):
    plain = config_of(str(tmp_path), corpus_folder, tokenizer={"name": "plain", "vocab_size": 600})
    with pytest.raises(UsageError, match=r"masked\.0\.start: .* add one to tokenizer\.special_tokens"):
        preflight.check(plain, ["pack"])


def test_a_tokenizer_to_load_without_a_mask_token_is_refused_by_name(tmp_path, bert, lake, corpus_folder):
    [file] = [entry.name for entry in Lake(lake).storage.entries("tokenizers")]
    loaded = config_of(str(tmp_path), corpus_folder, tokenizer={"load": f"{lake}/tokenizers/{file}"})
    with pytest.raises(UsageError, match=r"masked\.0: .* has no class token .* `start` of the section `masked`"):
        preflight.check(loaded, ["pack"])
    named = config_of(
        str(tmp_path),
        corpus_folder,
        tokenizer={"load": f"{lake}/tokenizers/{file}"},
        masked=[{**MASKED, "start": "<|endoftext|>", "mask": "no such token"}],
    )
    with pytest.raises(UsageError, match=r"masked\.0: .* has no token 'no such token'"):
        preflight.check(named, ["pack"])


def test_a_lakes_tokenizer_without_a_class_token_stops_the_stage(engine, lake, corpus_folder, tmp_path):
    copied = Lake(str(shutil.copytree(lake, tmp_path / "lake")), engine)
    given = corpus.config(copied.root, corpus_folder).model_dump(mode="json", exclude_unset=True)
    config = RunConfig.model_validate({**given, "masked": [{**MASKED, "mask": "<|pad|>"}]})
    with pytest.raises(TokenizerError, match="has no class token"):
        run_stages(engine, config, Reporter(), ["pack"], conclude=False)


def test_two_tables_of_one_name_are_refused():
    with pytest.raises(ValueError, match="pack, masked, translation: name 'bert' is used twice"):
        RunConfig.model_validate({"pack": [{"name": "bert"}], "masked": [{"name": "bert"}]})


def test_the_example_is_a_configuration_that_a_run_accepts():
    example = Path(__file__).parents[2] / "examples" / "masked.yaml"
    config = load(str(example), RunConfig)
    assert [each.name for each in config.masked] == ["masked"]
    preflight.check(config, ["tokenize", "pack"])


class TestDeliveries:
    """Files come and go."""

    @pytest.fixture
    def repeated(self, engine, tmp_path) -> Repeated:
        made = Repeated(engine, tmp_path)
        self.folder = tmp_path / "in"
        self.folder.mkdir()
        self.deliver("first", "ferry", "harbour", "lighthouse", "storm")
        return made

    def deliver(self, file, *topics):
        (self.folder / f"{file}.jsonl").write_text("\n".join(line(text(topic)) for topic in topics) + "\n")

    def run(self, repeated):
        source = {"name": "web", "path": str(self.folder)}
        tokenizer = {"vocab_size": 300, "special_tokens": SPECIAL}
        masked = [{"name": "bert", "length": 64, "heldout": 0}]
        return repeated.run(source, tokenizer=tokenizer, masked=masked, ingest={"delete_limit": 1})

    def rows(self, repeated):
        return {row["sequence_id"]: row for row in repeated.lake.read("sequences_bert").toArrow().to_pylist()}

    def test_new_documents_add_rows_and_change_none(self, repeated):
        self.run(repeated)
        before = self.rows(repeated)
        self.deliver("second", "island", "beacon", "anchor")
        assert "sequences_bert" in self.run(repeated)
        after = self.rows(repeated)
        assert len(after) > len(before)
        assert {name: after[name] for name in before} == before
        assert repeated.lake.last_own_commit("sequences_bert").metadata.mode == "append"
        assert [str(each) for each in check(repeated.lake) if not each.holds] == []

    def test_documents_that_leave_are_in_no_row(self, repeated):
        self.deliver("second", "island", "beacon", "anchor")
        self.run(repeated)
        (self.folder / "second.jsonl").unlink()
        assert "sequences_bert" in self.run(repeated)
        assert repeated.lake.last_own_commit("sequences_bert").metadata.mode == "rebuild"
        left = {row["doc_id"] for row in repeated.lake.read("clean_documents").toArrow().to_pylist()}
        held = {doc_id for row in self.rows(repeated).values() for doc_id in row["doc_ids"]}
        assert held == left
        assert [str(each) for each in check(repeated.lake) if not each.holds] == []

    def test_a_table_made_anew_is_as_if_the_documents_had_never_come(self, repeated):
        self.run(repeated)
        before = self.rows(repeated)
        self.deliver("second", "island", "beacon", "anchor")
        self.run(repeated)
        (self.folder / "second.jsonl").unlink()
        self.run(repeated)

        def content(rows):
            return {name: {**row, "run_id": ""} for name, row in rows.items()}

        assert content(self.rows(repeated)) == content(before)
