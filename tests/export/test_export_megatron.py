"""Exports for Megatron-LM: each document is one sequence, and ends with the separator."""

from hashlib import sha256

import export_readers
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tables import SEPARATOR, causal, lake_of, packed, rows_of_objective, token_format

from jobs.export.errors import ExportError, UnfitExportError
from jobs.export.export import Request, export
from jobs.export.pieces import digests, placed
from jobs.export.source import Source
from lake.lake import Lake
from pipelines.sequences.config import PackConfig
from pipelines.sequences.reader import Sequences
from pipelines.tables import SequenceFormat, sequences


def ordered(documents):
    """Documents in the order of an export."""
    return [documents[doc_id] for doc_id in sorted(documents, key=lambda each: sha256(each.encode()).digest())]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.lists(st.integers(2, 500), max_size=25), min_size=1, max_size=12),
    st.integers(2, 16),
    st.sampled_from(["concat", "best_fit"]),
)
def test_every_document_of_packed_rows_is_a_sequence_that_ends_with_the_separator(
    tmp_path_factory, texts, length, strategy
):
    folder = tmp_path_factory.mktemp("export")
    documents = {f"d{number}": ids for number, ids in enumerate(texts)}
    source = causal(folder / "lake", documents, PackConfig(length=length, strategy=strategy))
    export(source, Request("megatron", str(folder / "out")))
    found = export_readers.megatron(folder / "out" / "train")
    assert found.sequences == [[*ids, SEPARATOR] for ids in ordered(documents)]
    assert found.documents == list(range(len(documents) + 1))


def test_the_bytes_are_those_of_the_format(tmp_path):
    source = causal(tmp_path / "lake", {"b": [5, 6, 7], "a": [9]}, PackConfig(length=4))
    export(source, Request("megatron", str(tmp_path / "out")))
    assert (tmp_path / "out" / "train.bin").read_bytes() == bytes.fromhex("0500 0600 0700 0100 0900 0100")
    assert (tmp_path / "out" / "train.idx").read_bytes() == bytes.fromhex(
        "4d4d49444944580000"  # MMIDIDX
        "0100000000000000 08"  # version, uint16
        "0200000000000000 0300000000000000"  # sequences, documents and one
        "04000000 02000000"  # lengths
        "0000000000000000 0800000000000000"  # bytes at which they begin
        "0000000000000000 0100000000000000 0200000000000000"  # first sequence of each document, and the end
    )


def test_wide_ids_are_int32(tmp_path):
    source = causal(tmp_path / "lake", {"a": [70_000, 2]}, PackConfig(length=4), item_size=4)
    export(source, Request("megatron", str(tmp_path / "out")))
    found = export_readers.megatron(tmp_path / "out" / "train")
    assert (found.dtype, found.sequences) == (np.dtype("<i4"), [[70_000, 2, SEPARATOR]])


def test_the_tokens_of_a_lake_give_the_file_that_its_packed_rows_give(lake, tmp_path):
    """The packing `chunks` of the session's lake holds nothing out."""
    of_tokens = export(Source.open(Lake(lake), "tokens", None), Request("megatron", str(tmp_path / "tokens")))
    of_rows = export(Source.open(Lake(lake), "sequences_chunks", None), Request("megatron", str(tmp_path / "rows")))
    for end in ("bin", "idx"):
        assert (tmp_path / "tokens" / f"tokens.{end}").read_bytes() == (
            tmp_path / "rows" / f"train.{end}"
        ).read_bytes()
    [tokens], [rows] = of_tokens.splits.values(), of_rows.splits.values()
    assert tokens.tokens + tokens.rows == rows.tokens == tokens.further["tokens_with_separators"]


def test_each_split_has_its_own_documents(lake, tmp_path):
    export(Source.open(Lake(lake), "sequences_causal", None), Request("megatron", str(tmp_path / "out")))
    for split in ("train", "heldout"):
        documents = Sequences(lake, "causal").documents(split)
        found = export_readers.megatron(tmp_path / "out" / split).sequences
        separator = Sequences(lake, "causal").format.separator_id
        assert found == [[*ids.tolist(), separator] for ids in ordered(documents)]


def test_the_file_does_not_depend_on_how_rows_lie_in_the_lake(tmp_path):
    documents, config = {f"d{n}": list(range(2, 3 + 5 * n)) for n in range(9)}, PackConfig(length=8)
    rows = packed(documents, config)
    turned = rows.take(pa.array(range(rows.num_rows - 1, -1, -1)))
    table = sequences("causal", token_format().of_rows(8))
    for name, each in (("one", rows), ("two", turned)):
        source = Source.open(lake_of(tmp_path / name, each, table), "sequences_causal", None)
        export(source, Request("megatron", str(tmp_path / f"{name}-out")))
    for end in ("bin", "idx"):
        assert (tmp_path / "one-out" / f"train.{end}").read_bytes() == (
            tmp_path / "two-out" / f"train.{end}"
        ).read_bytes()


@pytest.mark.parametrize(
    ("left_out", "message"),
    [
        (0, "document long: a piece begins at token 4, and those before it have 0 tokens"),
        (-1, "document long: its end is missing"),
    ],
    ids=["the first piece", "the last piece"],
)
def test_a_document_that_is_not_whole_is_named_and_nothing_is_left(tmp_path, left_out, message):
    rows = packed({"long": list(range(2, 13))}, PackConfig(length=4))
    offsets = rows["doc_offsets"].to_pylist()
    in_document = sorted(range(3), key=lambda row: offsets[row])
    kept = [row for row in range(3) if row != in_document[left_out]]
    table = sequences("causal", token_format().of_rows(4))
    source = Source.open(lake_of(tmp_path / "lake", rows.take(kept), table), "sequences_causal", None)
    with pytest.raises(ExportError, match=message):
        export(source, Request("megatron", str(tmp_path / "out")))
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


def test_rows_of_another_objective_are_refused_with_what_to_do(tmp_path):
    described = SequenceFormat("masked", 8, 16, 0, SEPARATOR, "feedbeef", 2, 3, 100)
    row = {"ids": [2, 9, 1, 8, 1], "doc_lengths": [3, 2], "is_next": True, "language": "en"}
    source = rows_of_objective(tmp_path / "lake", described, [row])
    with pytest.raises(UnfitExportError, match=r"no dataset of masked rows.* Export these rows with --format mds"):
        export(source, Request("megatron", str(tmp_path / "out")))


def test_a_table_without_tokens_is_refused(lake, tmp_path):
    with pytest.raises(UnfitExportError, match="takes `tokens` or a table of causal sequences"):
        export(Source.open(Lake(lake), "documents", None), Request("megatron", str(tmp_path / "out")))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=5), min_size=1, max_size=8), st.randoms())
def test_pieces_in_any_order_fill_the_file_without_a_gap(documents, draw):
    pieces = [
        (f"d{number}", sum(lengths[:at]), length)
        for number, lengths in enumerate(documents)
        for at, length in enumerate(lengths)
    ]
    draw.shuffle(pieces)
    names, offsets, lengths = zip(*pieces, strict=True)
    places = placed(digests(names), np.array(offsets), np.array(lengths))
    assert places.fault is None
    covered = sorted(zip(places.starts.tolist(), lengths, strict=True))
    assert [start for start, _ in covered] == np.cumsum([0, *(length for _, length in covered)]).tolist()[:-1]
    assert sorted(places.lengths.tolist()) == sorted(map(sum, documents))
    assert places.closing.sum() == len(documents)
