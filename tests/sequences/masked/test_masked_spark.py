"""The same rows from any partitions, in several shards, and violations that are noticed."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from pipelines.sequences import order
from pipelines.sequences.masked import spark as masked
from pipelines.sequences.masked.config import MaskedConfig
from pipelines.sequences.masked.sentences import ENCODED
from pipelines.tables import SequenceFormat

CONFIG = MaskedConfig(length=32, heldout=0.2, shard_tokens=800)
FORMAT = SequenceFormat("masked", 32, 16, 0, 1, "feedbeef", start_id=2, mask_id=3, vocabulary=500)


def encoded_table() -> pa.Table:
    chance = np.random.default_rng(5)
    made = []
    for document in range(120):
        lengths = chance.integers(1, CONFIG.longest_sentence + 1, chance.integers(0, 9)).tolist()
        made.append(
            {
                "doc_id": f"d{document:03}",
                "language": "en",
                "split_group_id": f"g{document // 3:03}",
                "ids": np.full(sum(lengths), 10 + document, "<u2").tobytes(),
                "n_tokens": sum(lengths),
                "lengths": lengths,
                "sentences": len(lengths),
                "long_sentences": 0,
            }
        )
    return pa.Table.from_pylist(made, ENCODED)


@pytest.fixture(scope="module")
def encoded(spark):
    return spark.createDataFrame(encoded_table()).repartition(4)


@pytest.fixture(scope="module")
def packed(spark, encoded):
    return spark.createDataFrame(masked.pack(encoded, FORMAT, CONFIG, "run").toArrow())


def rows_of(frame):
    return frame.orderBy("split", "position").toArrow().to_pylist()


def test_the_rows_do_not_depend_on_partitions(encoded, packed):
    assert rows_of(masked.pack(encoded.coalesce(1), FORMAT, CONFIG, "run")) == rows_of(packed)


def test_the_splits_positions_are_ranks_over_several_shards(encoded, packed):
    tokens = encoded.agg(F.sum("n_tokens")).head()[0]
    assert tokens > 4 * CONFIG.shard_tokens
    for row in packed.groupBy("split").agg(F.sort_array(F.collect_list("position")).alias("positions")).collect():
        assert row["positions"] == list(range(len(row["positions"])))


def test_both_segments_of_a_row_are_of_its_split(encoded, packed):
    for row in packed.select("split", "doc_ids").toArrow().to_pylist():
        for doc_id in row["doc_ids"]:
            assert row["split"] == order.split_of(f"g{int(doc_id[1:]) // 3:03}", CONFIG.heldout, CONFIG.seed)


def test_figures_count_sentences(encoded):
    table = encoded_table()
    assert masked.figures(encoded) == {
        "documents": 120,
        "without_sentences": sum(not row for row in table["lengths"].to_pylist()),
        "sentences": sum(table["sentences"].to_pylist()),
        "long_sentences": 0,
        "sentence_tokens": sum(table["n_tokens"].to_pylist()),
    }


def test_the_invariants_hold(encoded, packed):
    assert masked.violations(encoded, packed, FORMAT) == []


def test_own_tokens_are_those_of_all_sentences(encoded, packed):
    own = packed.agg(F.expr(f"sum({masked.OWN_TOKENS})")).head()[0]
    assert own == encoded.agg(F.sum("n_tokens")).head()[0]


def test_a_lost_row_is_noticed(encoded, packed):
    [document] = [row["doc_ids"][0] for row in rows_of(packed) if row["is_next"] and row["doc_offsets"][0]][:1]
    kept = packed.where(f"get(doc_ids, 0) != '{document}' OR get(doc_offsets, 0) != 0")
    assert masked.violations(encoded, kept, FORMAT) == [
        "1 documents with a part that is in no row as its own, or in two"
    ]


def test_a_row_that_is_there_twice_is_noticed(encoded, packed):
    twice = packed.unionByName(packed.where("position = 0 AND split = 'train'"))
    [found] = masked.violations(encoded, twice, FORMAT)
    assert "in no row as its own, or in two" in found


def test_a_false_next_segment_is_noticed(encoded, packed):
    [row] = [row for row in rows_of(packed) if row["is_next"] is False][:1]
    claimed = F.when(F.col("sequence_id") == row["sequence_id"], F.lit(True)).otherwise(F.col("is_next"))
    found = masked.violations(encoded, packed.withColumn("is_next", claimed), FORMAT)
    assert found[0] == "1 rows whose second segment is not the next one, as they say"


def test_a_negative_of_the_own_group_is_noticed(encoded, packed):
    one_group = encoded.withColumn("split_group_id", F.lit("all"))
    [found] = masked.violations(one_group, packed, FORMAT)
    assert found.startswith(f"{packed.where('NOT is_next').count()} rows whose random second segment")


def test_a_row_under_other_marks_is_noticed(encoded, packed):
    other = replace(FORMAT, separator_id=9)
    [found] = masked.violations(encoded, packed, other)
    assert found == f"{packed.count()} rows that are not start, A, separator, B, separator"


def test_no_documents_give_an_empty_table(encoded):
    nothing = masked.pack(encoded.where("false"), FORMAT, CONFIG, "run")
    assert nothing.count() == 0
