"""The same rows from any partitions, in several shards, split by groups; violations and leaks that are noticed."""

import pytest
from pyspark.sql import functions as F
from sequences.translation.encoded_pairs import FORMAT, LENGTH, pairs

from pipelines.sequences import order
from pipelines.sequences.translation import spark as translation
from pipelines.sequences.translation.config import TranslationConfig

CONFIG = TranslationConfig(length=LENGTH, directions="both", heldout=0.2, shard_tokens=900)
COUNT = 240


@pytest.fixture(scope="module")
def encoded(spark):
    return spark.createDataFrame(pairs(COUNT)).repartition(4)


@pytest.fixture(scope="module")
def packed(spark, encoded):
    return spark.createDataFrame(translation.pack(encoded, FORMAT, CONFIG, "run").toArrow())


def rows_of(frame):
    return frame.orderBy("split", "position").toArrow().to_pylist()


def lengths():
    table = pairs(COUNT)
    return list(zip(table["n_source"].to_pylist(), table["n_target"].to_pylist(), strict=True))


def test_the_rows_do_not_depend_on_partitions(encoded, packed):
    assert rows_of(translation.pack(encoded.coalesce(1), FORMAT, CONFIG, "run")) == rows_of(packed)


def test_pairs_are_rows_or_counted_as_over_length(encoded, packed):
    found = translation.figures(encoded, LENGTH)
    assert found["over_length"] == sum(max(each) >= LENGTH for each in lengths()) > 0
    assert found["long_source"] == sum(source >= LENGTH for source, _ in lengths())
    assert found["longest_target"] == max(target for _, target in lengths())
    assert packed.count() == 2 * (COUNT - found["over_length"])


def test_the_positions_of_a_split_are_ranks_over_several_shards(packed):
    assert packed.agg(F.sum("n_tokens")).head()[0] > 4 * CONFIG.shard_tokens
    for row in packed.groupBy("split").agg(F.sort_array(F.collect_list("position")).alias("positions")).collect():
        assert row["positions"] == list(range(len(row["positions"])))


def test_the_split_goes_by_groups(packed):
    for row in packed.select("split", "doc_ids").toArrow().to_pylist():
        group = f"g{int(row['doc_ids'][0][1:]) // 3:04}"
        assert row["split"] == order.split_of(group, CONFIG.heldout, CONFIG.seed)


def test_the_invariants_hold(encoded, packed):
    assert translation.violations(encoded, packed, LENGTH) == []


def test_a_lost_row_is_noticed(encoded, packed):
    kept = packed.where("NOT (split = 'train' AND position = 3)")
    assert translation.violations(encoded, kept, LENGTH) == ["1 pairs in no row, or in more than one of a direction"]


def test_a_side_that_was_cut_is_noticed(encoded, packed):
    cut = packed.withColumn(
        "doc_lengths",
        F.when(F.col("position") == 0, F.transform("doc_lengths", lambda n: n - 1)).otherwise(F.col("doc_lengths")),
    )
    assert translation.violations(encoded, cut, LENGTH) == ["2 rows whose sides are not whole sides of their pair"]


def test_a_row_of_an_unknown_pair_is_noticed(encoded, packed):
    [row] = packed.limit(1).collect()
    known = encoded.where(F.col("pair_id") != row["doc_ids"][0])
    assert translation.violations(known, packed, LENGTH) == ["2 rows of pairs that are not encoded, or too long"]


def test_a_source_sentence_in_both_splits_is_noticed(encoded, packed):
    """The test can fail: all pairs get one source sentence, then one target sentence."""
    every = encoded.select("pair_id", *(F.encode("pair_id", "utf-8").alias(f"{side}_hash") for side in _SIDES))
    assert translation.leaks(packed, every) == (0, None)
    for side in _SIDES:
        same = every.withColumn(f"{side}_hash", F.encode(F.lit("one"), "utf-8"))
        assert translation.leaks(packed, same)[0] == 1


_SIDES = ("source", "target")


def test_no_pairs_give_an_empty_table(encoded):
    assert translation.pack(encoded.where("false"), FORMAT, CONFIG, "run").count() == 0
