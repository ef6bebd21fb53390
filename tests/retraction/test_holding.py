"""Which versions of a table hold a document, with a whole log, a cut one, and files that are gone."""

import pyarrow as pa
import pytest

from lake.commits import CommitMetadata
from lake.holding import held, holding_at
from lake.lake import Lake
from pipelines.tables import TOKENS, sequences

ANNA, BEN = pa.array(["anna"]), pa.array(["ben"])


def note(name, mode="append"):
    return CommitMetadata(name, "tokenize", mode, "c", "v", {}, 0.0)


def rows(name, *ids):
    empty = dict.fromkeys(TOKENS.schema.names)
    return pa.Table.from_pylist([{**empty, "doc_id": each, "run_id": name} for each in ids], TOKENS.schema)


@pytest.fixture
def lake(tmp_path):
    """Versions: 0 ben; 1 ben, anna; 2 ben, anna, carl; 3 ben, carl; 4 ben, carl, dora."""
    lake = Lake(str(tmp_path))
    for version, name in enumerate(("ben", "anna", "carl")):
        lake.append(rows(f"r-{version}", name), TOKENS, note(f"r-{version}"), version - 1)
    lake.exchange(TOKENS, pa.table({"doc_id": ANNA}), [], note("r-3", "change"))
    lake.append(rows("r-4", "dora"), TOKENS, note("r-4"), 3)
    return lake


def test_versions_that_hold_a_document_are_those_of_its_file(lake):
    found = held(lake, "tokens", ANNA)
    assert (found.versions, found.rows, found.free_since) == ({1: 1, 2: 1}, 1, 3)
    assert [holding_at(lake, "tokens", version, ANNA) for version in range(5)] == [0, 1, 1, 0, 0]


def test_a_document_that_is_there_is_in_all_versions_since(lake):
    found = held(lake, "tokens", BEN)
    assert (found.versions, found.free_since) == (dict.fromkeys(range(5), 1), None)


def test_a_document_that_never_was_there_is_in_none(lake):
    found = held(lake, "tokens", pa.array(["nobody"]))
    assert (found.versions, found.rows, found.free_since) == ({}, 0, 0)


@pytest.mark.parametrize("cut", [1, 2])
def test_a_log_whose_first_entries_are_gone_tells_of_the_versions_that_can_be_read(lake, tmp_path, cut):
    lake._table("tokens", cut).create_checkpoint()
    for version in range(cut + 1):
        (tmp_path / "tokens" / "_delta_log" / f"{version:020d}.json").unlink()
    found = held(Lake(str(tmp_path)), "tokens", ANNA)
    assert found.versions == {version: 1 for version in (1, 2) if version >= cut}
    assert found.free_since == 3


def test_a_file_that_is_gone_holds_nothing(lake, tmp_path):
    now = {file.path for file in lake.files("tokens")}
    for path in (tmp_path / "tokens").glob("*.parquet"):
        if path.name not in now:
            path.unlink()
    assert held(lake, "tokens", ANNA).versions == {}


def test_rows_of_several_documents_count_once(tmp_path):
    lake, table = Lake(str(tmp_path)), sequences("causal")
    empty = dict.fromkeys(table.schema.names)
    texts = [["anna", "ben", "anna"], ["ben"], ["carl", "anna"]]
    values = [{**empty, "doc_ids": each, "sequence_id": str(n), "split": "train"} for n, each in enumerate(texts)]
    lake.append(pa.Table.from_pylist(values, table.schema), table, note("r"), -1)
    assert held(lake, table.name, ANNA).versions == {0: 2}
