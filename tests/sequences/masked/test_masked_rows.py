"""A shard: encoded sentences in, rows out; the same whatever the order of the input."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from pipelines.sequences.masked.config import MaskedConfig
from pipelines.sequences.masked.rows import rows, unmarked
from pipelines.sequences.masked.sentences import ENCODED
from pipelines.sequences.shard import Shard
from pipelines.tables import SequenceFormat, sequences

CONFIG = MaskedConfig(length=32)
FORMAT = SequenceFormat("masked", 32, 16, 9, 8, "feedbeef", start_id=7, mask_id=6, vocabulary=5000)


def encoded_documents(count=60, most=12, longest=CONFIG.longest_sentence, dtype="<u2") -> pa.Table:
    """Document d has tokens 10 + d; the last digits of its sentences' tokens do not matter."""
    chance = np.random.default_rng(1)
    made = []
    for document in range(count):
        lengths = chance.integers(1, longest + 1, chance.integers(0, most)).tolist()
        total = sum(lengths)
        made.append(
            {
                "doc_id": f"d{document:03}",
                "language": ("en", "de")[document % 2],
                "split_group_id": f"g{document // 4:02}",
                "ids": (10 + 50 * document + np.arange(total) % 50).astype(dtype).tobytes(),
                "n_tokens": total,
                "lengths": lengths,
                "sentences": len(lengths),
                "long_sentences": 0,
            }
        )
    return pa.Table.from_pylist(made, ENCODED)


def made_of(table, config=CONFIG, described=FORMAT, shard=None):
    batches = rows(table, shard or Shard("train"), config, described, "run")
    return pa.Table.from_batches(batches, sequences("masked", objective="masked").schema)


@pytest.fixture(scope="module")
def documents() -> pa.Table:
    return encoded_documents()


@pytest.fixture(scope="module")
def made(documents) -> list[dict]:
    return made_of(documents).to_pylist()


def ids_of(row, dtype="<u2"):
    return np.frombuffer(row["ids"], dtype)


def test_a_row_is_start_first_separator_second_separator_padding(made):
    for row in made:
        ids, (first, second) = ids_of(row), row["doc_lengths"]
        assert len(ids) == 32
        assert (ids[0], ids[first - 1], ids[first + second - 1]) == (7, 8, 8)
        assert row["n_tokens"] == first + second
        assert (ids[row["n_tokens"] :] == 9).all()
        assert np.isin(ids[: row["n_tokens"]], (7, 8)).sum() == 3


def test_segments_hold_the_tokens_that_their_offsets_name(made, documents):
    whole = {row["doc_id"]: np.frombuffer(row["ids"], "<u2") for row in documents.to_pylist()}
    for row in made:
        begin = 1
        for doc_id, offset, size in zip(
            row["doc_ids"], row["doc_offsets"], np.subtract(row["doc_lengths"], (2, 1)), strict=True
        ):
            assert (ids_of(row)[begin : begin + size] == whole[doc_id][offset : offset + size]).all()
            begin += size + 1


def test_each_token_is_once_in_a_first_or_a_true_second_segment(made, documents):
    held = []
    for row in made:
        own = [(0, 2), (1, 1)] if row["is_next"] else [(0, 2)]
        for segment, marks in own:
            begin = row["doc_offsets"][segment]
            stop = begin + row["doc_lengths"][segment] - marks
            held += [(row["doc_ids"][segment], token) for token in range(begin, stop)]
    expected = [(row["doc_id"], token) for row in documents.to_pylist() for token in range(row["n_tokens"])]
    assert sorted(held) == sorted(expected)


def test_no_document_is_its_own_negative_nor_that_of_a_near_duplicate(made):
    random = [row["doc_ids"] for row in made if not row["is_next"]]
    assert len(random) > 50
    assert all(int(own[1:]) // 4 != int(other[1:]) // 4 for own, other in random)


def test_a_negative_is_of_the_same_language(made):
    assert all(int(own[1:]) % 2 == int(other[1:]) % 2 for own, other in (row["doc_ids"] for row in made))


def test_the_language_is_that_of_the_first_segment(made):
    assert all(row["language"] == ("en", "de")[int(row["doc_ids"][0][1:]) % 2] for row in made)


def test_positions_follow_those_of_earlier_shards(documents, made):
    later = made_of(documents, shard=Shard("train", first=1000)).to_pylist()
    assert [row["position"] for row in made] == list(range(len(made)))
    assert [row["position"] for row in later] == list(range(1000, 1000 + len(made)))


def test_rows_do_not_depend_on_the_order_of_the_input(documents, made):
    shuffled = documents.take(pa.array(np.random.default_rng(3).permutation(len(documents))))
    assert made_of(shuffled).to_pylist() == made


def test_another_seed_gives_other_rows(documents, made):
    other = made_of(documents, CONFIG.model_copy(update={"seed": 1})).to_pylist()
    assert {row["sequence_id"] for row in other} != {row["sequence_id"] for row in made}


def test_a_large_vocabulary_keeps_its_ids():
    wide = SequenceFormat("masked", 32, 32, 70_009, 70_008, "feedbeef", start_id=70_007, mask_id=70_006, vocabulary=1)
    [row, *_] = made_of(encoded_documents(dtype="<u4"), described=wide).to_pylist()
    assert ids_of(row, "<u4")[0] == 70_007


def test_an_id_that_does_not_fit_is_refused(documents):
    wide = SequenceFormat("masked", 32, 16, 9, 8, "feedbeef", start_id=70_007, mask_id=6, vocabulary=1)
    with pytest.raises(OverflowError):
        made_of(documents, described=wide)


def test_where_all_documents_are_near_duplicates_a_last_sentence_is_a_row_of_one_segment(documents):
    related = [{**row, "split_group_id": "all"} for row in documents.to_pylist() if len(row["lengths"]) in (1, 9)]
    made = made_of(pa.Table.from_pylist(related, ENCODED)).to_pylist()
    assert {row["is_next"] for row in made} == {True, False}
    for row in made:
        assert (
            len(row["doc_ids"]) == len(row["doc_lengths"]) == len(row["doc_offsets"]) == (2 if row["is_next"] else 1)
        )
        assert row["n_tokens"] == sum(row["doc_lengths"])
        assert ids_of(row)[row["n_tokens"] - 1] == 8


def test_documents_without_sentences_are_in_no_row(documents, made):
    empty = {row["doc_id"] for row in documents.to_pylist() if not row["lengths"]}
    assert empty
    assert not empty & {doc_id for row in made for doc_id in row["doc_ids"]}


@pytest.mark.parametrize("place", [0, "between", "end", "inside"])
def test_a_mark_that_is_missing_or_too_many_is_found(documents, place):
    table = made_of(documents).select(["ids", "doc_lengths"])
    changed = table.to_pylist()
    ids, (first, second) = np.frombuffer(changed[5]["ids"], "<u2").copy(), changed[5]["doc_lengths"]
    assert first > 2
    at = {"between": first - 1, "end": first + second - 1, "inside": 1}.get(place, place)
    ids[at] = 8 if place == "inside" else 100
    changed[5]["ids"] = ids.tobytes()
    [batch] = pa.Table.from_pylist(changed, table.schema).to_batches()
    assert np.flatnonzero(unmarked(batch, FORMAT)).tolist() == [5]


def test_one_token_can_be_start_and_separator(documents):
    described = replace(FORMAT, start_id=FORMAT.separator_id)
    table = made_of(documents, described=described)
    [batch] = table.combine_chunks().to_batches()
    assert not unmarked(batch, described).any()
    assert unmarked(batch, FORMAT).all()
