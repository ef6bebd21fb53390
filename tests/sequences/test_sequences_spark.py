"""Packing through the engine, written to a table: what the pure parts promise must survive shards and files."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F

from lake.commits import CommitMetadata
from lake.data_files import of_table
from lake.lake import Lake
from lake.parquet_writer import WriteTask
from pipelines.sequences import order
from pipelines.sequences import spark as sequences_spark
from pipelines.sequences.config import PackConfig
from pipelines.sequences.shard import TokenFormat
from pipelines.tables import TOKENS, sequences

FORMAT = TokenFormat(tokenizer="feedbeef", separator=1, pad=0, item_size=2)
CONFIG = PackConfig(length=32, shard_tokens=1500, heldout=0.2)


def tokens_table() -> pa.Table:
    counts = np.random.default_rng(5).integers(0, 90, 150)
    rows = [
        {
            "doc_id": f"d{document:03}",
            "tokenizer": FORMAT.tokenizer,
            "ids": np.full(count, document + 2, FORMAT.dtype).tobytes(),
            "n_tokens": int(count),
            "split_group_id": f"c{document // 3:03}",
            "run_id": "run",
        }
        for document, count in enumerate(counts)
    ]
    return pa.Table.from_pylist(rows, schema=TOKENS.schema)


@pytest.fixture(scope="module")
def tokens(spark):
    return spark.createDataFrame(tokens_table()).repartition(4)


@pytest.fixture(scope="module")
def lake(engine, tokens, tmp_path_factory) -> Lake:
    """The packed table, written by the tasks that pack and committed."""
    lake, table = Lake(str(tmp_path_factory.mktemp("packed")), engine), sequences(CONFIG.name)
    reports = sequences_spark.pack(tokens, FORMAT, CONFIG, "run", WriteTask(lake.root, table, "run")).toArrow()
    note = CommitMetadata("run", "pack", "rebuild", "c", "v", {}, 0.0)
    lake.commit_files(of_table(reports, table.name), table, note, "overwrite", -1)
    return lake


@pytest.fixture(scope="module")
def packed(lake):
    return lake.read(sequences(CONFIG.name).name)


def sorted_rows(frame) -> list[dict]:
    return frame.orderBy("split", "position").toArrow().to_pylist()


def test_the_table_does_not_depend_on_partitions(spark, tokens, packed):
    one = sequences_spark.pack(tokens.coalesce(1), FORMAT, CONFIG, "run")
    assert sorted_rows(one) == sorted_rows(packed)


def test_positions_are_ranks_within_each_split(packed):
    for row in packed.groupBy("split").agg(F.sort_array(F.collect_list("position")).alias("positions")).collect():
        assert row["positions"] == list(range(len(row["positions"])))


def test_no_group_is_in_both_splits(tokens, packed):
    held = packed.select("split", F.explode("doc_ids").alias("doc_id")).join(tokens, "doc_id")
    splits = held.groupBy("split_group_id").agg(F.collect_set("split").alias("splits")).collect()
    assert {row["split_group_id"]: row["splits"] for row in splits} == {
        f"c{group:03}": [order.split_of(f"c{group:03}", CONFIG.heldout, CONFIG.seed)] for group in range(50)
    }
    assert {row["splits"][0] for row in splits} == {"train", "heldout"}


def test_the_invariants_hold(tokens, packed):
    assert sequences_spark.violations(tokens, packed) == []


def test_a_lost_row_is_noticed(tokens, packed):
    found = sequences_spark.violations(tokens, packed.where("split = 'train' and position > 0 or split = 'heldout'"))
    assert len(found) == 2
    assert "rows hold" in found[0]
    assert "in no row, or in two" in found[1]


def test_a_row_twice_in_place_of_another_is_noticed(spark, tokens):
    """Equal sums are not enough: here one full row stands twice, another full row of the same document never."""
    long = tokens.where("doc_id = 'd000'").withColumn("n_tokens", F.lit(63).cast("long"))
    long = long.withColumn("ids", F.lit(b"\x02\x00" * 63))
    rows = sequences_spark.pack(long, FORMAT, CONFIG.model_copy(update={"shard_tokens": 1000}), "run")
    assert sequences_spark.violations(long, rows) == []
    first = rows.where("position = 0")
    assert sequences_spark.violations(long, first.union(first)) == ["a part of some document is in no row, or in two"]


def test_the_fill_is_reported_for_each_split(tokens, packed):
    by_split = {row["split"]: row.asDict() for row in sequences_spark.fill(packed, CONFIG).collect()}
    rows = packed.toArrow().to_pylist()
    for split, line in by_split.items():
        mine = [row for row in rows if row["split"] == split]
        pieces = [doc_id for row in mine for doc_id in row["doc_ids"]]
        documents = set(pieces)
        used = sum(row["n_tokens"] for row in mine)
        assert line == {
            "split": split,
            "rows": len(mine),
            "n_tokens": used,
            "pieces": len(pieces),
            "documents": len(documents),
            "cut_documents": sum(pieces.count(document) > 1 for document in documents),
            "fill": pytest.approx(used / (len(mine) * CONFIG.length)),
            "pieces_per_row": pytest.approx(len(pieces) / len(mine)),
        }
        assert line["fill"] > 0.9


def test_each_file_is_a_run_of_positions_with_plain_ids(lake):
    files = sorted(Path(lake.path(sequences(CONFIG.name).name)).glob("split=*/*.parquet"))
    assert len(files) > 3
    for file in files:
        positions = pq.read_table(file, columns=["position"])["position"].to_pylist()
        assert positions == list(range(positions[0], positions[0] + len(positions)))
        metadata = pq.ParquetFile(file).metadata
        for group in range(metadata.num_row_groups):
            columns = [metadata.row_group(group).column(number) for number in range(metadata.num_columns)]
            [ids] = [column for column in columns if column.path_in_schema == "ids"]
            assert not ids.has_dictionary_page
            assert set(ids.encodings) <= {"PLAIN", "RLE", "BIT_PACKED"}


def test_no_documents_give_an_empty_table(tokens):
    nothing = sequences_spark.pack(tokens.where("false"), FORMAT, CONFIG, "run")
    assert nothing.count() == 0
    assert sequences_spark.violations(tokens.where("false"), nothing) == []
