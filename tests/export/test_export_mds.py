"""Exports for MosaicML Streaming: the samples of the shards are the rows of the table."""

import json

import export_readers
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_tables import SEPARATOR, causal, lake_of, rows_of_objective

from jobs.export import mds
from jobs.export.errors import UnfitExportError
from jobs.export.export import Request, export
from jobs.export.source import Source
from lake.lake import Lake
from pipelines.sequences.config import PackConfig
from pipelines.sequences.reader import Sequences
from pipelines.tables import PAIR_TOKENS, SequenceFormat


def test_every_row_is_a_sample_with_the_same_ids(lake, tmp_path):
    export(Source.open(Lake(lake), "sequences_causal", None), Request("mds", str(tmp_path / "out")))
    for split in ("train", "heldout"):
        expected = [
            {
                "sequence_id": row.sequence_id,
                "ids": row.ids.tolist(),
                "doc_lengths": row.doc_lengths.tolist(),
                "n_tokens": int(row.doc_lengths.sum()),
            }
            for row in Sequences(lake, "causal").rows(split)
        ]
        assert export_readers.mds(tmp_path / "out" / split) == expected


def test_documents_of_tokens_are_samples_of_their_own_length(lake, tmp_path):
    export(Source.open(Lake(lake), "tokens", None), Request("mds", str(tmp_path / "out")))
    rows = Lake(lake).read_here("tokens", ["doc_id", "ids", "n_tokens"]).to_pylist()
    expected = [{**row, "ids": np.frombuffer(row["ids"], "<u2").tolist()} for row in rows]
    assert export_readers.mds(tmp_path / "out") == expected


def test_the_bytes_are_those_of_the_format(tmp_path):
    source = causal(tmp_path / "lake", {"a": [9, 8]}, PackConfig(length=4))
    export(source, Request("mds", str(tmp_path / "out"), columns=["ids", "doc_lengths", "n_tokens", "split"]))
    description = json.dumps(
        {
            "column_encodings": ["ndarray:int32", "ndarray:uint16:4", "int", "str"],
            "column_names": ["doc_lengths", "ids", "n_tokens", "split"],
            "column_sizes": [None, 8, 8, None],
            "compression": None,
            "format": "mds",
            "hashes": [],
            "size_limit": 67108864,
            "version": 2,
        }
    ).encode()
    begin = 12 + len(description)
    sample = bytes.fromhex(
        "06000000 05000000"  # bytes of doc_lengths and of split
        "04 01 03000000"  # one dimension, length 1
        "0900 0800 0100 0000"
        "0300000000000000"
    )
    sample += b"train"
    head = np.array([1, begin, begin + len(sample)], "<u4").tobytes()
    assert (tmp_path / "out" / "train" / "shard.00000.mds").read_bytes() == head + description + sample
    assert json.loads((tmp_path / "out" / "train" / "index.json").read_text()) == {
        "shards": [
            {
                **json.loads(description),
                "raw_data": {"basename": "shard.00000.mds", "bytes": begin + len(sample), "hashes": {}},
                "samples": 1,
                "zip_data": None,
            }
        ],
        "version": 2,
    }


def test_shards_end_before_they_become_too_large(lake, tmp_path, monkeypatch):
    source = Source.open(Lake(lake), "sequences_causal", None)
    export(source, Request("mds", str(tmp_path / "whole"), ["train"]))
    write = mds.write_mds
    monkeypatch.setattr("jobs.export.export.write_mds", lambda *given: write(*given, shard_bytes=5000))
    export(source, Request("mds", str(tmp_path / "parts"), ["train"]))
    shards = list((tmp_path / "parts" / "train").glob("shard.*.mds"))
    assert len(shards) > 3
    assert all(shard.stat().st_size < 6000 for shard in shards)
    assert export_readers.mds(tmp_path / "parts" / "train") == export_readers.mds(tmp_path / "whole" / "train")


def test_masked_rows_carry_what_their_objective_needs(tmp_path):
    described = SequenceFormat("masked", 8, 16, 0, SEPARATOR, "feedbeef", 2, 3, 100)
    row = {"ids": [2, 9, 1, 8, 1], "doc_lengths": [3, 2], "is_next": True, "language": "en"}
    source = rows_of_objective(tmp_path / "lake", described, [row, {**row, "is_next": False}])
    export(source, Request("mds", str(tmp_path / "out")))
    first, second = export_readers.mds(tmp_path / "out" / "train")
    assert first == {
        "sequence_id": "s0",
        "ids": [2, 9, 1, 8, 1, 0, 0, 0],
        "n_tokens": 5,
        "doc_lengths": [3, 2],
        "is_next": 1,
        "language": "en",
    }
    assert second["is_next"] == 0


def test_rows_of_translation_keep_their_lengths(tmp_path):
    described = SequenceFormat("translation", 600, 32, 0, SEPARATOR, "feedbeef")
    languages = {"source_language": "de", "target_language": "en"}
    rows = [
        {"ids": [5, 1, 70_000, 7, 1], "doc_lengths": [2, 3], **languages},
        {"ids": [9] * 299 + [1] + [8] * 4 + [1], "doc_lengths": [300, 5], **languages},  # its length takes two bytes
    ]
    export(rows_of_objective(tmp_path / "lake", described, rows), Request("mds", str(tmp_path / "out")))
    found = export_readers.mds(tmp_path / "out" / "train")
    assert [sample["ids"] for sample in found] == [row["ids"] for row in rows]
    assert [sample["doc_lengths"] for sample in found] == [[2, 3], [300, 5]]
    assert languages.items() <= found[0].items()


def test_both_sides_of_pairs_are_arrays_of_their_own_length(tmp_path):
    pairs = [
        {
            "pair_id": f"p{number}",
            "source_ids": [5] * number,
            "target_ids": [70_000, 8],
            "n_source": number,
            "n_target": 2,
        }
        for number in range(3)
    ]
    said = {"tokenizer": "feedbeef", "source_language": "de", "target_language": "en"}
    stored = [
        {**pair, **said, **{side: np.array(pair[side], "<u4").tobytes() for side in ("source_ids", "target_ids")}}
        for pair in pairs
    ]
    rows = pa.Table.from_pylist(stored, schema=PAIR_TOKENS.schema)
    source = Source.open(lake_of(tmp_path / "lake", rows, PAIR_TOKENS), PAIR_TOKENS.name, None)
    for kind in ("mds", "parquet"):
        made = export(source, Request(kind, str(tmp_path / kind), as_lists=kind == "parquet"))
        assert (made.manifest["rows"], made.manifest["tokens"], made.manifest["id_bits"]) == (3, 9, 32)
    found = export_readers.mds(tmp_path / "mds")
    assert [sample["source_ids"] for sample in found] == [pair["source_ids"] for pair in pairs]
    listed = pq.read_table(tmp_path / "parquet" / "data" / "00000.parquet", columns=["source_ids", "target_ids"])
    assert listed.schema.field("source_ids").type.value_type == pa.uint32()
    assert listed.to_pylist() == [{name: pair[name] for name in ("source_ids", "target_ids")} for pair in pairs]


def test_a_null_is_refused_with_its_column(tmp_path):
    described = SequenceFormat("masked", 8, 16, 0, SEPARATOR, "feedbeef", 2, 3, 100)
    row = {"ids": [2, 9, 1, 8, 1], "doc_lengths": [3, 2], "is_next": True, "language": None}
    source = rows_of_objective(tmp_path / "lake", described, [row])
    with pytest.raises(UnfitExportError, match="the column language has nulls"):
        export(source, Request("mds", str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_a_table_without_tokens_is_refused(lake, tmp_path):
    with pytest.raises(UnfitExportError, match="takes a table of sequences, tokens or pair_tokens"):
        export(Source.open(Lake(lake), "documents", None), Request("mds", str(tmp_path / "out")))


def test_a_table_without_rows_is_an_empty_shard(tmp_path):
    described = SequenceFormat("causal", 8, 16, 0, SEPARATOR, "feedbeef")
    source = rows_of_objective(tmp_path / "lake", described, [])
    export(source, Request("mds", str(tmp_path / "out")))
    assert export_readers.mds(tmp_path / "out") == []
