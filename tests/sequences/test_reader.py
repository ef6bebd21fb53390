"""Rows of a lake, read in plain Python, give back the documents that were packed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable, TableFeatures
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.commits import CommitMetadata
from lake.lake import Lake
from pipelines.sequences import shard
from pipelines.sequences.config import PackConfig
from pipelines.sequences.reader import Piece, Sequences, SequencesError, join
from pipelines.sequences.shard import Shard, TokenFormat
from pipelines.tables import CONTRACT, CONTRACT_PROPERTY, TOKENS, ContractError, Table, sequences

FORMAT = TokenFormat(tokenizer="feedbeef", separator=1, pad=0, item_size=2)
NOTE = CommitMetadata("run", "pack", "rebuild", "c", "v", {}, 0.0)


@pytest.fixture(scope="module")
def clean(engine, lake):
    """doc_id -> text of the session's lake."""
    rows = Lake(lake, engine).read("clean_documents").select("doc_id", "text").toArrow().to_pylist()
    return {row["doc_id"]: row["text"] for row in rows}


@pytest.mark.parametrize("name", ["causal", "chunks"])
def test_every_clean_text_comes_back_from_the_rows(lake, clean, name):
    packed = Sequences(lake, name)
    found = {split: packed.documents(split) for split in ("train", "heldout")}
    assert not found["train"].keys() & found["heldout"].keys()
    texts = {doc_id: packed.text(ids) for ids_of in found.values() for doc_id, ids in ids_of.items()}
    assert texts == clean


def test_both_splits_hold_documents(lake):
    packed = Sequences(lake, "causal")
    assert all(packed.documents(split) for split in ("train", "heldout"))


def test_the_ids_that_come_back_are_those_of_the_tokens(engine, lake):
    tokens = Lake(lake, engine).read("tokens").select("doc_id", "ids").toArrow().to_pylist()
    found = Sequences(lake, "chunks").documents()
    assert {doc_id: ids.tobytes() for doc_id, ids in found.items()} == {row["doc_id"]: row["ids"] for row in tokens}


def test_the_texts_of_a_row_are_parts_of_their_documents(lake, clean):
    packed = Sequences(lake, "causal")
    for row in packed.rows():
        pieces = packed.texts(row)
        assert [(doc_id, offset) for doc_id, offset, _ in pieces] == [
            *zip(row.doc_ids, row.doc_offsets.tolist(), strict=True)
        ]
        assert all(text.strip("\N{REPLACEMENT CHARACTER}") in clean[doc_id] for doc_id, _, text in pieces)


def test_a_version_is_read_in_the_same_order_each_time(lake):
    orders = [[row.sequence_id for row in Sequences(lake, "causal").rows()] for _ in range(2)]
    assert orders[0] == orders[1]
    assert len(set(orders[0])) == len(orders[0]) == Lake(lake).rows("sequences_causal")


def test_a_split_is_read_alone(lake):
    packed = Sequences(lake, "causal")
    assert {row.split for row in packed.rows("heldout")} == {"heldout"}


def test_spark_and_torch_stay_out(lake):
    program = (
        "import sys, json; from pipelines.sequences.reader import Sequences\n"
        "packed = Sequences(sys.argv[1], 'causal'); row = next(packed.rows()); packed.texts(row)\n"
        "print(json.dumps([name for name in ('pyspark', 'pysail', 'torch') if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program, lake], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


# Tables made by hand


def packed_rows(counts: list[int], config: PackConfig) -> tuple[dict[str, list[int]], pa.Table]:
    """Documents (doc_id -> ids), and their packed rows."""
    ends = np.cumsum([0, *counts]) + 2
    documents = {f"d{n:03}": list(range(ends[n], ends[n + 1])) for n in range(len(counts))}
    rows = [
        {"doc_id": doc_id, "tokenizer": "feedbeef", "ids": np.array(ids, "<u2").tobytes(), "n_tokens": len(ids)}
        for doc_id, ids in documents.items()
    ]
    whole = {"start": pa.array([0] * len(rows)), "closed": pa.array([True] * len(rows))}
    tokens = pa.Table.from_pylist(rows, schema=TOKENS.schema)
    for column, values in whole.items():
        tokens = tokens.append_column(column, values)
    batches = shard.rows(tokens, Shard("train"), config, FORMAT, "run")
    return documents, pa.Table.from_batches(batches, schema=sequences(config.name).schema)


def written(root, rows: pa.Table, table: Table) -> str:
    Lake(str(root)).overwrite(rows, table, NOTE, Lake(str(root)).version(table.name))
    return str(root)


def table(length: int = 8) -> Table:
    return sequences("causal", FORMAT.of_rows(length))


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(0, 25), min_size=1, max_size=12),
    st.integers(2, 16),
    st.sampled_from(["concat", "best_fit"]),
)
def test_documents_of_any_length_come_back(tmp_path_factory, counts, length, strategy):
    documents, rows = packed_rows(counts, PackConfig(length=length, strategy=strategy))
    lake = written(tmp_path_factory.mktemp("packed") / "lake", rows, table(length))
    assert {doc_id: ids.tolist() for doc_id, ids in Sequences(lake, "causal").documents().items()} == documents


def test_an_earlier_version_is_read_as_it_describes_itself(tmp_path):
    before, rows = packed_rows([3, 4], PackConfig(length=8))
    lake = written(tmp_path, rows, table(8))
    after, rows = packed_rows([5], PackConfig(length=4))
    written(tmp_path, rows, table(4))
    for version, length, documents in ((0, 8, before), (1, 4, after), (None, 4, after)):
        packed = Sequences(lake, "causal", version)
        assert packed.format.length == length
        assert packed.documents().keys() == documents.keys()


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no table sequences_causal"):
        Sequences(str(tmp_path), "causal")


def test_a_version_that_is_not_there_is_named(tmp_path):
    lake = written(tmp_path, packed_rows([3], PackConfig(length=8))[1], table())
    with pytest.raises(FileNotFoundError, match="no table sequences_causal of version 7"):
        Sequences(lake, "causal", 7)


@pytest.mark.parametrize(
    ("contract", "message"),
    [(CONTRACT - 1, "run `tokenlake upgrade "), (CONTRACT + 1, f"contract {CONTRACT + 1} of a newer tokenlake")],
)
def test_a_table_of_another_contract_is_refused(tmp_path, contract, message):
    made = table()
    other = Table(made.name, made.key, made.schema, made.partition_by, properties={CONTRACT_PROPERTY: str(contract)})
    lake = written(tmp_path, packed_rows([3], PackConfig(length=8))[1], other)
    with pytest.raises(ContractError, match=message):
        Sequences(lake, "causal")


def test_a_table_that_does_not_describe_itself_is_refused(tmp_path):
    lake = written(tmp_path, packed_rows([3], PackConfig(length=8))[1], sequences("causal"))
    with pytest.raises(SequencesError, match=r"sequences_causal: table properties: 'tokenlake\.objective'"):
        Sequences(lake, "causal")


def test_a_table_whose_rows_another_program_hides_is_refused(tmp_path):
    lake = written(tmp_path, packed_rows([3], PackConfig(length=8))[1], table())
    opened = DeltaTable(f"{lake}/sequences_causal")
    opened.alter.add_feature(TableFeatures.DeletionVectors, allow_protocol_versions_increase=True)
    with pytest.raises(SequencesError, match="another program enabled Delta features"):
        Sequences(lake, "causal")


@pytest.mark.parametrize("name", ["a b", "ü漢", "a#b", "a::b", "a%b", "[a]*"])
def test_a_lake_may_lie_under_any_of_these_names(tmp_path, name):
    documents, rows = packed_rows([3, 4], PackConfig(length=8))
    lake = written(tmp_path / name, rows, table())
    assert Sequences(lake, "causal").documents().keys() == documents.keys()


def changed(rows: pa.Table, **values: object) -> pa.Table:
    [row] = rows.to_pylist()
    return pa.Table.from_pylist([{**row, **values}], schema=rows.schema)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"ids": bytes(14)}, "ids is not 16 bytes long"),
        ({"n_tokens": 7}, "doc_lengths does not add up to n_tokens"),
        ({"doc_lengths": [9], "n_tokens": 9}, "n_tokens is over 8"),
        ({"doc_ids": []}, "doc_ids is not as long as doc_lengths"),
        ({"doc_offsets": [0, 4]}, "doc_offsets is not as long as doc_lengths"),
    ],
)
def test_a_row_that_does_not_fit_the_properties_is_named(tmp_path, values, fault):
    rows = packed_rows([3], PackConfig(length=8))[1]
    lake = written(tmp_path, changed(rows, **values), table())
    with pytest.raises(SequencesError, match=f"row {rows['sequence_id'][0]}: {fault}"):
        list(Sequences(lake, "causal").rows())


def test_a_missing_tokenizer_is_named(tmp_path):
    lake = written(tmp_path, packed_rows([3], PackConfig(length=8))[1], table())
    packed = Sequences(lake, "causal")
    with pytest.raises(FileNotFoundError, match="no tokenizer with the hash feedbeef"):
        packed.texts(next(packed.rows()))


def piece(offset: int, *ids: int) -> Piece:
    return Piece("d", offset, np.array(ids, np.uint16))


def test_pieces_join_in_order_of_their_offsets():
    assert join([piece(2, 7, 1), piece(0, 5, 6)], separator=1)["d"].tolist() == [5, 6, 7]


def test_a_separator_inside_a_document_is_one_of_its_tokens():
    assert join([piece(0, 5, 1), piece(2, 7, 1)], separator=1)["d"].tolist() == [5, 1, 7]


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([piece(0, 5), piece(2, 7, 1)], "document d: a piece begins at token 2, the one before ends at 1"),
        ([piece(0, 5, 6), piece(1, 6, 1)], "document d: a piece begins at token 1, the one before ends at 2"),
        ([piece(0, 5, 6)], "document d: its end is missing behind token 2"),
    ],
    ids=["a gap", "an overlap", "no end"],
)
def test_a_document_that_is_not_whole_is_named(pieces, message):
    with pytest.raises(SequencesError, match=message):
        join(pieces, separator=1)


def test_the_example_of_the_documentation_runs(lake, clean):
    page = (Path(__file__).resolve().parents[2] / "docs" / "sequences.md").read_text()
    example = page.partition("```python\n")[2].partition("```")[0].replace("lakes/quickstart", lake)
    found: dict = {}
    exec(example, found)
    assert found["texts"].items() <= clean.items()
