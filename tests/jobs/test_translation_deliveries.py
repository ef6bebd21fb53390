"""A table for training translation while files come and go, settings change, and stages run alone."""

import shutil

import corpus
import pytest
from pyspark.sql import functions as F
from translation_lakes import LONG, STAGES, TranslationLake, sentences, texts

from jobs.checks.lake import check
from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.turn import unfinished
from lake.lake import Lake
from pipelines.errors import MissingPathError
from pipelines.tables import SequenceFormat


@pytest.fixture
def made(engine, tmp_path):
    return TranslationLake(engine, tmp_path, dedup={"group_by": "source_or_target"})


def test_a_split_that_leaks_fails_the_check(made):
    from deltalake import DeltaTable

    made.run(first=sentences(0, 20))
    before = {row["sequence_id"] for row in made.packed() if row["split"] == "train"}
    table = DeltaTable(made.lake.path("sequences_pairs"))
    row = next(each for each in made.packed() if each["sequence_id"] in before and each["doc_offsets"][0] == 0)
    table.update(predicate=f"sequence_id = '{row['sequence_id']}'", updates={"split": "'heldout'"})
    failed = {each.name for each in check(type(made.lake)(made.lake.root, made.engine)) if not each.holds}
    assert "sequences_pairs: source sentences in both splits" in failed


def test_nothing_new_commits_nothing(made):
    before = made.run(first=sentences(0, 12)).versions()
    assert made.run().versions() == before


def test_new_pairs_add_rows_and_change_none(made):
    made.run(first=sentences(0, 12))
    before = made.packed()
    made.run(second=sentences(50, 60))
    after = {row["sequence_id"]: row for row in made.packed()}
    assert len(after) > len(before)
    assert all(after[row["sequence_id"]] == row for row in before)
    assert made.mode("pair_tokens") == made.mode("sequences_pairs") == "append"


def test_packing_waits_until_new_pairs_are_encoded(made):
    made.run(first=sentences(0, 12))
    assert unfinished(made.lake, "pack") is None
    (made.folder / "second.tsv").write_text(sentences(50, 60))
    run_stages(made.engine, made.config(), Reporter(), ["pairs"], conclude=False)
    lake = Lake(made.lake.root)
    assert (unfinished(lake, "tokenize"), unfinished(lake, "pack")) == (None, "tokenize")
    run_stages(made.engine, made.config(), Reporter(), ["tokenize"], conclude=False)
    assert unfinished(Lake(made.lake.root), "pack") is None


def test_pairs_that_leave_are_in_no_row_and_others_stay(made):
    made.run(first=sentences(0, 12), second=sentences(50, 60))
    before = {row["sequence_id"]: row for row in made.packed()}
    made.run(second=None)
    assert made.mode("sequences_pairs") == "change"
    assert {row["doc_ids"][0] for row in made.packed()} == set(texts(made))
    assert all(before[row["sequence_id"]] == row for row in made.packed())
    assert [str(each) for each in check(made.lake) if not each.holds] == []


def test_another_length_makes_the_table_anew(made):
    made.run(first=sentences(0, 12) + f"{LONG}\tkurz\n")
    made.sections = {"translation": [{"name": "pairs", "length": 16}]}
    made.run()
    assert made.mode("sequences_pairs") == "rebuild"
    assert SequenceFormat.of(made.lake.properties("sequences_pairs")).length == 32
    held = made.lake.read("sequences_pairs").count()
    fitting = made.lake.read("pair_tokens").where((F.col("n_source") < 16) & (F.col("n_target") < 16)).count()
    assert 0 < held == fitting < made.lake.read("pair_tokens").count()


def test_packing_before_pairs_are_encoded_says_what_to_run(made):
    made.folder.joinpath("first.tsv").write_text(sentences(0, 5))
    run_stages(made.engine, made.config(), Reporter(), ["pairs"], conclude=False)
    with pytest.raises(MissingPathError, match="no table pair_tokens, of which sequences_pairs is made"):
        run_stages(made.engine, made.config(), Reporter(), ["pack"], conclude=False)


def test_a_lake_of_documents_and_pairs_has_one_tokenizer_for_both(engine, lake, corpus_folder, tmp_path):
    copied = Lake(str(shutil.copytree(lake, tmp_path / "lake")), engine)
    (tmp_path / "pairs.tsv").write_text(sentences(0, 12))
    source = {"name": "pairs", "path": str(tmp_path / "pairs.tsv"), "languages": ["en", "de"]}
    given = corpus.config(copied.root, corpus_folder).model_dump(mode="json", exclude_unset=True)
    sections = {"pairs": {"sources": [source], "policy": "none"}, "translation": [{"name": "pairs", "length": 128}]}
    before = {name: copied.version(name) for name in ("tokens", "sequences_causal")}
    config = RunConfig.model_validate({**given, **sections})
    assert run_stages(engine, config, Reporter(), STAGES, conclude=True) == 0
    assert {name: copied.version(name) for name in before} == before
    formats = [SequenceFormat.of(copied.properties(f"sequences_{name}")) for name in ("causal", "pairs")]
    assert formats[0].tokenizer == formats[1].tokenizer
    assert copied.read("sequences_pairs").count() == copied.read("clean_pairs").count() == 30
    assert [str(each) for each in check(copied) if not each.holds] == []
