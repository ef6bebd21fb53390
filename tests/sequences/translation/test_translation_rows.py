"""Rows of one shard: whole sides, both directions, ids by content."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequences.translation.encoded_pairs import FORMAT, LENGTH, pair

from pipelines.sequences.shard import PackError, Shard
from pipelines.sequences.translation.config import TranslationConfig
from pipelines.sequences.translation.rows import rows
from pipelines.tables import PAIR_TOKENS

lengths = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1)), min_size=1, max_size=12)
directions = st.sampled_from(["as_read", "reversed", "both"])


def shard_of(pairs):
    return pa.Table.from_pylist(pairs, PAIR_TOKENS.schema).rename_columns(
        ["doc_id" if name == "pair_id" else name for name in PAIR_TOKENS.schema.names]
    )


def made(pairs, **settings):
    config = TranslationConfig(length=LENGTH, **settings)
    batches = rows(shard_of(pairs), Shard("train", 5), config, FORMAT, "run")
    return [row for batch in batches for row in batch.to_pylist()]


def sides(row):
    """(source, target) ids of a row, separators included."""
    return tuple(each.tolist() for each in np.split(np.frombuffer(row["ids"], "<u2"), [row["doc_lengths"][0]]))


@given(lengths, directions)
def test_every_pair_is_in_a_row_of_each_direction_and_no_side_is_cut(lengths, directions):
    pairs = [pair(number, *each) for number, each in enumerate(lengths)]
    wanted = []
    for each in pairs:
        source, target = (
            [*np.frombuffer(each[f"{side}_ids"], "<u2").tolist(), FORMAT.separator_id] for side in ("source", "target")
        )
        wanted += [(each["pair_id"], source, target, "en", "de")] if directions != "reversed" else []
        wanted += [(each["pair_id"], target, source, "de", "en")] if directions != "as_read" else []
    found = [
        (row["doc_ids"][0], *sides(row), row["source_language"], row["target_language"])
        for row in made(pairs, directions=directions)
    ]
    assert sorted(found) == sorted(wanted)


@given(lengths, directions)
def test_a_row_describes_its_two_sides(lengths, directions):
    for row in made([pair(number, *each) for number, each in enumerate(lengths)], directions=directions):
        assert row["n_tokens"] == sum(row["doc_lengths"]) == len(row["ids"]) // 2
        assert row["doc_ids"][0] == row["doc_ids"][1]
        first, second = row["doc_offsets"]
        assert (first, second) in ((0, row["doc_lengths"][0]), (row["doc_lengths"][1], 0))


def test_positions_follow_those_of_earlier_shards_and_ids_do_not_depend_on_the_order_of_pairs():
    pairs = [pair(number, 3, 4) for number in range(40)]
    found = made(pairs, directions="both")
    assert [row["position"] for row in found] == list(range(5, 85))
    assert len({row["sequence_id"] for row in found}) == 80
    assert made(pairs[::-1], directions="both") == found


def test_another_seed_is_another_order_of_the_same_rows():
    pairs = [pair(number, 3, 4) for number in range(40)]
    one, other = ([row["sequence_id"] for row in made(pairs, seed=seed)] for seed in (0, 1))
    assert one != other
    assert sorted(one) == sorted(other)


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_side_that_is_too_long_is_never_cut(side):
    long = pair(7, **{"n_source": 2, "n_target": 2, f"n_{side}": LENGTH})
    with pytest.raises(PackError, match=f"pair p0007: its {side} and the separator are over 12 tokens"):
        made([pair(1, 2, 2), long])


def test_ids_of_another_tokenizer_are_refused_by_name():
    with pytest.raises(PackError, match="pair p0003 was encoded by another tokenizer than feedbeef"):
        made([pair(1, 2, 2), {**pair(3, 2, 2), "tokenizer": "other"}])


def test_ids_that_are_not_as_many_as_they_say_are_refused_by_name():
    with pytest.raises(PackError, match="pair p0003: `target_ids` does not hold n_target ids of 16 bits"):
        made([{**pair(3, 2, 2), "n_target": 3}])
