"""A lake of sentence pairs, and its table for training translation: made, checked, read, explained."""

import json

import numpy as np
import pytest
from bitext.pair_lakes import PairLake
from translation_lakes import LONG, TranslationLake, sentences, texts

from jobs import preflight
from jobs.checks.lake import check
from jobs.cli import UsageError, main
from jobs.config import RunConfig
from jobs.counts import counts
from jobs.funnel import lines
from jobs.invariants import count, invariants
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.report import collect
from jobs.report.page import render
from pipelines.sequences.order import split_of
from pipelines.sequences.reader import Sequences


@pytest.fixture(scope="module")
def shared(engine, tmp_path_factory):
    """A lake that tests only read."""
    made = TranslationLake(engine, tmp_path_factory.mktemp("translation"), dedup={"group_by": "source_or_target"})
    return made.run(first=sentences(0, 40) + f"{LONG}\tkurz\n")


def source_text(row, of_pair):
    return of_pair[row["doc_ids"][0]][row["doc_offsets"][0] > 0]


def test_a_lake_of_pairs_alone_has_a_tokenizer_and_no_tables_of_documents(shared):
    assert set(shared.lake.tables()) >= {"pair_tokens", "sequences_pairs", "clean_pairs"}
    assert not {"documents", "tokens", "sequences_causal"} & set(shared.lake.tables())
    assert [entry.name for entry in shared.lake.storage.entries("tokenizers")]


def test_rows_decode_to_both_sides_of_their_pairs(shared):
    read, of_pair = Sequences(shared.lake.root, "pairs"), texts(shared)
    for row in read.rows():
        is_reversed = row.doc_offsets[0] > 0
        assert [text for _, _, text in read.texts(row)] == of_pair[row.doc_ids[0]][:: -1 if is_reversed else 1]
        assert (row.source_language, row.target_language) == (("de", "en") if is_reversed else ("en", "de"))
        assert [piece.ids[-1] for piece in row.pieces()] == [read.format.separator_id] * 2


def test_a_reader_puts_the_sides_of_a_pair_together_once(shared):
    read, of_pair = Sequences(shared.lake.root, "pairs"), texts(shared)
    documents = read.documents()
    assert len(documents) == shared.lake.read("sequences_pairs").count() / 2
    for pair_id, ids in documents.items():
        place = int(np.flatnonzero(ids == read.format.separator_id)[0])
        assert [read.text(ids[:place]), read.text(ids[place + 1 :])] == of_pair[pair_id]


def test_no_source_sentence_of_the_heldout_split_is_in_training(shared):
    of_pair, by_split = texts(shared), {"train": set(), "heldout": set()}
    for row in shared.packed():
        by_split[row["split"]].add(source_text(row, of_pair))
    assert by_split["heldout"]
    assert not by_split["heldout"] & by_split["train"]


def test_a_split_by_pair_would_leak(shared):
    """The test above can fail: sentences are in several pairs, and splitting by pair puts some on both sides."""
    for side in range(2):
        by_split = {"train": set(), "heldout": set()}
        for pair_id, sides in texts(shared).items():
            by_split[split_of(pair_id, 0.3, 0)].add(sides[side])
        assert by_split["heldout"] & by_split["train"]


def test_a_pair_that_is_too_long_is_in_no_row_and_is_counted(shared):
    [pair_id] = [each for each, (source, _) in texts(shared).items() if source == LONG.strip() or source == LONG]
    assert pair_id not in {row["doc_ids"][0] for row in shared.packed()}
    assert [tuple(row) for row in shared.lake.read("pair_tokens").where("n_source >= 64").select("pair_id").collect()]
    detail = shared.lake.last_own_commit("sequences_pairs").metadata.detail
    assert (detail["over_length"], detail["long_source"], detail["long_target"]) == ("1", "1", "0")


def test_explain_tells_where_a_pair_is_or_why_it_is_in_no_row(shared, capsys):
    of_pair = texts(shared)
    long = next(each for each, (source, _) in of_pair.items() if source.startswith("a very"))
    assert main(["explain", shared.lake.root, long]) == 0
    assert "in no row: its source, with the separator, is over the 64 tokens" in capsys.readouterr().out
    other = next(each for each in of_pair if each != long)
    assert main(["explain", shared.lake.root, other]) == 0
    out = capsys.readouterr().out
    assert "en to de" in out
    assert "de to en" in out
    assert main(["explain", shared.lake.root, other, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["sequences"]["sequences_pairs"]["rows"]) == 2


def test_every_check_holds(shared):
    found = list(check(shared.lake))
    assert [str(each) for each in found if not each.holds] == []
    assert {each.name for each in found} >= {
        "each clean pair is encoded once",
        "sequences_pairs: each pair whose sides fit is in one row a direction, uncut",
        "sequences_pairs: source sentences in both splits",
        "sequences_pairs: encoded pairs = rows as read + over-length pairs",
        "sequences_pairs: encoded pairs = rows reversed + over-length pairs",
    }


def test_the_report_and_the_funnel_show_rows_without_padding(shared):
    data = collect(shared.lake)
    [train] = [split for split in data.sequences if split.split == "train"]
    rows = [row for row in shared.packed() if row["split"] == "train"]
    assert (train.sequences, train.length, train.has_fixed_width) == (len(rows), 128, False)
    assert train.tokens == sum(row["n_tokens"] for row in rows)
    mean = train.tokens / len(rows)
    assert f"of {mean:,.1f} tokens, 128 at most, without padding" in "\n".join(lines(data))
    assert f"{mean:.1f} tokens each, without padding" in render(data)


def test_counts_with_and_without_an_engine_agree(shared):
    here, there = counts(shared.lake), count(shared.lake)
    for name, number in here["sequences_pairs"].items():
        assert there["sequences_pairs"][name] == number
    assert [str(each) for each in invariants(here) if not each.holds] == []


def test_a_reversed_direction_needs_groups_of_both_sides():
    with pytest.raises(ValueError, match=r"translation\.0\.directions: both .* set pairs\.dedup\.group_by to"):
        RunConfig.model_validate({"translation": [{"directions": "both"}]})


def test_a_configuration_without_pairs_is_refused_before_the_run(tmp_path):
    config = RunConfig.model_validate({"lake": str(tmp_path), "translation": [{"name": "pairs"}]})
    with pytest.raises(UsageError, match=r"translation: there are no sentence pairs: name files .* pairs\.sources"):
        preflight.check(config, ["pack"])


def test_a_tokenizer_to_load_without_the_separator_is_refused_by_name(shared, tmp_path):
    [file] = [entry.name for entry in shared.lake.storage.entries("tokenizers")]
    shared_config = shared.config().model_dump(mode="json", exclude_unset=True)
    sections = {
        "lake": str(tmp_path),
        "tokenizer": {"load": shared.lake.path(f"tokenizers/{file}")},
        "translation": [{"separator": "<none>"}],
    }
    with pytest.raises(UsageError, match=r"translation\.0: .* has no token '<none>'"):
        preflight.check(RunConfig.model_validate({**shared_config, **sections}), ["pack"])


def test_a_lake_without_a_table_for_translation_encodes_no_pairs(engine, tmp_path):
    lake = PairLake(engine, tmp_path)
    lake.run(first=sentences(0, 5))
    run_stages(engine, lake.config(), Reporter(), ("tokenize",), conclude=False)
    run_stages(engine, lake.config(), Reporter(), ("pack",), conclude=False)
    assert not lake.lake.exists("pair_tokens")
