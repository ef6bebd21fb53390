"""Exports as Parquet and Arrow files: the rows of the table, all or some columns."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

from jobs.export import columnar
from jobs.export.columnar import METADATA
from jobs.export.errors import UnfitExportError
from jobs.export.export import Request, export
from jobs.export.source import Source
from lake.lake import Lake


def source(lake, table, version=None):
    return Source.open(Lake(lake), table, version)


def rows(folder, kind):
    """All rows of the files of a folder, in order."""
    files = sorted(folder.glob(f"*.{kind}"))
    read = pq.read_table if kind == "parquet" else lambda file: ipc.open_file(file).read_all()
    return pa.concat_tables([read(file) for file in files])


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize("table", ["documents", "measures", "duplicates", "tokens", "runs"])
def test_any_table_comes_back_row_for_row(lake, tmp_path, table, kind):
    export(source(lake, table), Request(kind, str(tmp_path / "out")))
    names = Lake(lake).schema(table).names
    found = rows(tmp_path / "out" / "data", kind)
    assert found.to_pylist() == Lake(lake).read_here(table, names).to_pylist()
    assert found.num_rows > 0


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_splits_are_folders_and_have_the_column_that_the_files_of_the_lake_lack(lake, tmp_path, kind):
    made = export(source(lake, "sequences_causal"), Request(kind, str(tmp_path / "out")))
    for split in ("train", "heldout"):
        found = rows(tmp_path / "out" / split, kind)
        assert found["split"].unique().to_pylist() == [split]
        assert found.num_rows == made.splits[split].rows
        assert sum(found["n_tokens"].to_pylist()) == made.splits[split].tokens


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize("table", ["sequences_causal", "tokens"])
def test_ids_as_lists_are_the_numbers_of_the_bytes(lake, tmp_path, table, kind):
    for name, as_lists in (("bytes", False), ("lists", True)):
        export(source(lake, table), Request(kind, str(tmp_path / name), columns=["ids"], as_lists=as_lists))
    folders = [each.name for each in (tmp_path / "lists").iterdir() if each.is_dir()]
    for folder in folders:
        stored, listed = (rows(tmp_path / name / folder, kind)["ids"] for name in ("bytes", "lists"))
        assert listed.type.value_type == pa.uint16()
        assert listed.to_pylist() == [np.frombuffer(each, "<u2").tolist() for each in stored.to_pylist()]


def test_maps_as_lists_are_pairs(lake, tmp_path):
    for name, as_lists in (("maps", False), ("lists", True)):
        export(source(lake, "documents"), Request("arrow", str(tmp_path / name), columns=["meta"], as_lists=as_lists))
    maps, lists = (rows(tmp_path / name / "data", "arrow")["meta"].to_pylist() for name in ("maps", "lists"))
    assert [[(pair["key"], pair["value"]) for pair in each] for each in lists] == maps
    assert any(maps)


def test_a_file_that_is_large_enough_is_followed_by_another(lake, tmp_path, monkeypatch):
    monkeypatch.setattr("jobs.export.source._BATCH_BYTES", 10_000)
    write = columnar.write_columnar
    monkeypatch.setattr("jobs.export.export.write_columnar", lambda *given: write(*given, file_bytes=50_000))
    made = export(source(lake, "documents"), Request("arrow", str(tmp_path / "out")))
    files = made.splits[None].files
    assert list(files) == [f"data/{number:05}.arrow" for number in range(len(files))]
    assert len(files) > 3
    names = Lake(lake).schema("documents").names
    expected = Lake(lake).read_here("documents", names).to_pylist()
    assert rows(tmp_path / "out" / "data", "arrow").to_pylist() == expected


def test_the_columns_have_the_order_that_was_asked_for(lake, tmp_path):
    export(source(lake, "tokens"), Request("parquet", str(tmp_path / "out"), columns=["n_tokens", "doc_id"]))
    assert rows(tmp_path / "out" / "data", "parquet").column_names == ["n_tokens", "doc_id"]


def test_a_column_that_is_named_twice_is_refused(lake, tmp_path):
    with pytest.raises(UnfitExportError, match="column doc_id is named twice"):
        export(source(lake, "tokens"), Request("parquet", str(tmp_path / "out"), columns=["doc_id", "doc_id"]))


def test_a_column_that_the_table_lacks_is_named_with_those_it_has(lake, tmp_path):
    with pytest.raises(UnfitExportError, match="no column text; its columns are doc_id, tokenizer, ids"):
        export(source(lake, "tokens"), Request("parquet", str(tmp_path / "out"), columns=["text"]))


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_each_file_says_where_its_rows_come_from(lake, tmp_path, kind):
    export(source(lake, "tokens"), Request(kind, str(tmp_path / "out")))
    [file] = (tmp_path / "out" / "data").iterdir()
    schema = pq.read_schema(file) if kind == "parquet" else ipc.open_file(file).schema
    said = json.loads(schema.metadata[METADATA])
    assert said["table"] == "tokens"
    assert said["version"] == Lake(lake).version("tokens")
    assert said["tokenizer"] == Lake(lake).read_here("tokens", ["tokenizer"])["tokenizer"][0].as_py()


def test_the_card_names_the_files_of_each_split(lake, tmp_path):
    export(source(lake, "sequences_causal"), Request("parquet", str(tmp_path / "out")))
    card = (tmp_path / "out" / "README.md").read_text()
    assert "  description: sequences_causal version 0, export " in card
    assert "  - split: heldout\n    path: heldout/*.parquet\n  - split: train\n    path: train/*.parquet\n---" in card
