"""`tokenlake check` finds what is lost, doubled or wrong in a lake, and names it."""

import json
import shutil

import corpus
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from jobs.checks.lake import check, pending
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake
from pipelines.sequences.reader import Sequences


@pytest.fixture
def copy(engine, lake, tmp_path):
    return Lake(str(shutil.copytree(lake, tmp_path / "lake")), engine)


def faults(lake):
    """name -> detail of what does not hold."""
    return {finding.name: finding.detail for finding in check(Lake(lake.root, lake.engine)) if not finding.holds}


def some_document(lake, table):
    return lake.read(table).orderBy("doc_id").head().doc_id


def delete(lake, table, where):
    DeltaTable(lake.path(table)).delete(where)


def rewrite(lake, table, **values):
    """Sets columns of all rows, as another program would."""
    texts = {column: value if isinstance(value, str) else repr(value) for column, value in values.items()}
    DeltaTable(lake.path(table)).update(updates=texts)


def test_a_whole_lake_has_no_fault(copy):
    assert faults(copy) == {}
    assert pending(copy) == []


def test_all_rows_of_all_tables_are_checked(copy):
    names = [finding.name for finding in check(copy)]
    assert len(names) == len(set(names))
    for table in copy.tables():
        assert any(name.startswith(f"{table}: keys") for name in names)


@pytest.mark.parametrize(
    ("table", "check"),
    [
        ("measures", "each document is measured once"),
        ("decisions", "each measured document is kept or dropped"),
        ("clean_documents", "each kept document is clean, or a duplicate"),
        ("tokens", "each clean document is encoded once"),
    ],
)
def test_a_lost_row_is_named(copy, table, check):
    doc_id = some_document(copy, table)
    delete(copy, table, f"doc_id = '{doc_id}'")
    assert faults(copy)[check] == f"1 are missing, 0 too many, such as {doc_id}"


def test_a_lost_signature_is_named(copy):
    doc_id = some_document(copy, "signatures")
    delete(copy, "signatures", f"doc_id = '{doc_id}'")
    assert doc_id in faults(copy)["each kept document is signed once"]


def test_a_cluster_without_its_survivor_is_named(copy):
    survivor = copy.read("duplicates").where("kept").head().doc_id
    delete(copy, "duplicates", f"doc_id = '{survivor}'")
    assert survivor in faults(copy)["each cluster has one survivor, which names it"]


def test_a_row_twice_is_named(copy):
    row = DeltaTable(copy.path("tokens")).to_pyarrow_table().slice(0, 1)
    write_deltalake(copy.path("tokens"), row, mode="append")
    found = faults(copy)
    assert found["tokens: keys (doc_id) that are null or not unique"] == f"1, such as {row['doc_id'][0]}"
    assert found["each clean document is encoded once"].startswith("0 are missing, 1 too many")


def test_a_key_that_is_null_is_named(copy):
    rewrite(copy, "sequences_causal", sequence_id="NULL")
    assert faults(copy)["sequences_causal: keys (sequence_id) that are null or not unique"] == "1, such as null"


def test_a_lost_data_file_is_named_and_its_rows_are_not_read(copy):
    lost = copy.files("measures")[0].path
    copy.storage.delete(f"measures/{lost}")
    assert faults(copy) == {
        "measures: every data file is there": f"1 of {len(copy.files('measures'))} are not, such as {lost}",
        "rows": "not checked, because tables above lack files or columns",
    }


def test_a_column_of_another_type_is_named(copy):
    wrong = copy.read("tokens").toArrow()
    changed = wrong.set_column(
        wrong.schema.get_field_index("n_tokens"), "n_tokens", wrong["n_tokens"].cast(pa.float64())
    )
    properties = copy.properties("tokens")
    write_deltalake(copy.path("tokens"), changed.drop_columns(["run_id"]), mode="overwrite", schema_mode="overwrite")
    assert Lake(copy.root).properties("tokens") == properties
    assert faults(copy)["tokens: columns of the contract"] == "n_tokens is double, not int64; no run_id"


def test_more_columns_than_those_of_the_contract_are_allowed(copy):
    rows = copy.read("tokens").toArrow()
    more = rows.append_column("mine", pa.array([1] * rows.num_rows))
    write_deltalake(copy.path("tokens"), more, mode="overwrite", schema_mode="overwrite")
    assert faults(copy) == {}


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"n_tokens": "n_tokens - 1"}, "doc_lengths that do not add up to n_tokens"),
        ({"ids": "arrow_cast('ab', 'Binary')"}, "ids that are not 256 bytes"),
        ({"n_tokens": "200"}, "n_tokens outside 1 to 128"),
    ],
)
def test_a_row_of_sequences_that_does_not_fit_its_properties_is_counted(copy, values, fault):
    rows = copy.rows("sequences_causal")
    rewrite(copy, "sequences_causal", **values)
    assert faults(copy)[f"sequences_causal: {fault}"].startswith(f"{rows:,}, such as ")


def test_a_lost_row_of_sequences_is_noticed(copy):
    row = copy.read("sequences_causal").where("split = 'train'").head()
    delete(copy, "sequences_causal", f"sequence_id = '{row.sequence_id}'")
    assert (
        "a part of some document is in no row, or in two"
        in faults(copy)["sequences_causal: every token is in one row"]
    )


def test_a_group_on_both_sides_of_the_split_is_named(copy):
    held = copy.read("sequences_causal").where("split = 'heldout'").head().doc_ids[0]
    group = copy.read("tokens").where(f"doc_id = '{held}'").head().split_group_id
    rewrite(copy, "tokens", split_group_id=f"'{group}'")
    assert faults(copy)["sequences_causal: groups of near duplicates in both splits"] == f"1, such as {group}"


def test_ids_of_two_tokenizers_are_noticed(copy):
    doc_id = some_document(copy, "tokens")
    DeltaTable(copy.path("tokens")).update(updates={"tokenizer": "'other'"}, predicate=f"doc_id = '{doc_id}'")
    found = faults(copy)
    assert "other" in found["tokens: one tokenizer and one width of ids"]
    assert [name for name in found if "documents of another tokenizer than" in name]


def test_sequences_without_properties_are_noticed(copy):
    rows = copy.read("sequences_causal").toArrow()
    copy.storage.delete("sequences_causal")
    contract = {"tokenlake.contract": copy.properties("tokens")["tokenlake.contract"]}
    write_deltalake(copy.path("sequences_causal"), rows, partition_by=["split"])
    DeltaTable(copy.path("sequences_causal")).alter.set_table_properties(contract, raise_if_not_exists=False)
    assert "tokenlake.objective" in faults(copy)["sequences_causal: properties"]


def test_rows_that_are_not_processed_yet_are_pending_and_no_fault(engine, tmp_path):
    folder = corpus.make(tmp_path / "corpus", 20)
    config = corpus.config(str(tmp_path / "lake"), folder)
    run_stages(engine, config, Reporter(), conclude=False)
    (folder / "more.jsonl").write_text(json.dumps({"text": corpus.prose(2000)}) + "\n")
    for stage, waiting in (
        ("ingest", "measures was made before the newest rows of documents"),
        ("clean", "signatures"),
    ):
        run_stages(engine, config, Reporter(), [stage], conclude=False)
        lake = Lake(config.lake, engine)
        assert faults(lake) == {}
        assert pending(lake)[0].startswith(waiting)


def test_compaction_leaves_nothing_pending(copy):
    DeltaTable(copy.path("documents")).optimize.compact()
    assert pending(Lake(copy.root, copy.engine)) == []
    assert faults(copy) == {}


def test_documents_that_left_the_lake_left_whole_rows_behind(engine, tmp_path):
    folder = corpus.make(tmp_path / "corpus", 40)
    config = corpus.config(str(tmp_path / "lake"), folder)
    source = config.sources[0].model_copy(update={"on_change": "replace", "on_delete": "retract"})
    config = config.model_copy(update={"sources": (source,)})
    run_stages(engine, config, Reporter(), conclude=False)
    lines = (folder / "notes.jsonl").read_text().splitlines()
    (folder / "notes.jsonl").write_text("\n".join(lines[3:]) + "\n")  # the first of them had copies
    (folder / "mail.txt").unlink()
    lake = Lake(config.lake, engine)
    before = lake.rows("clean_documents")
    run_stages(engine, config, Reporter(), conclude=False)
    lake = Lake(config.lake, engine)
    assert (faults(lake), pending(lake)) == ({}, [])
    assert lake.rows("clean_documents") < before
    packed = Sequences(lake.root, "causal")
    texts = {doc_id: packed.text(ids) for doc_id, ids in packed.documents().items()}
    clean = lake.read("clean_documents").select("doc_id", "text").toArrow().to_pylist()
    assert texts == {row["doc_id"]: row["text"] for row in clean}
