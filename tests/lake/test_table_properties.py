"""Tables describe themselves by properties, which change in the commit that changes the rows."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lake.contract import known
from lake.lake import ConcurrentCommitError
from pipelines.storage.storage import Storage
from pipelines.tables import CONTRACT, CONTRACT_PROPERTY, TOKENS, SequenceFormat, sequences

SHORT = SequenceFormat("causal", length=4, id_bits=16, pad_id=0, separator_id=1, tokenizer="one")
LONG = SequenceFormat("causal", length=8, id_bits=32, pad_id=2, separator_id=3, tokenizer="two")


def packed(run_id: str, length: int) -> pa.Table:
    row = {**dict.fromkeys(sequences("x").schema.names), "sequence_id": run_id, "split": "train", "run_id": run_id}
    return pa.Table.from_pylist([{**row, "ids": bytes(length)}], sequences("x").schema)


def formats(lake) -> list[SequenceFormat]:
    """By version."""
    newest = lake.version("sequences_x")
    return [SequenceFormat.of(lake.properties("sequences_x", version)) for version in range(newest + 1)]


def test_every_table_carries_the_version_of_the_contract(lake, rows, note):
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    assert lake.properties("tokens")[CONTRACT_PROPERTY] == str(CONTRACT)


def test_the_log_of_a_table_is_kept(lake, rows, note):
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    assert lake.properties("tokens")["delta.logRetentionDuration"] == "interval 3650 days"


def test_a_format_is_read_back_from_the_properties(lake, note):
    lake.overwrite(packed("run-1", 8), sequences("x", SHORT), note("run-1", "rebuild"), -1)
    assert formats(lake) == [SHORT]
    assert lake.properties("sequences_x")["tokenlake.length"] == "4"


def test_a_property_that_is_missing_is_named():
    with pytest.raises(KeyError, match=r"tokenlake\.pad_id"):
        SequenceFormat.of({name: text for name, text in SHORT.properties.items() if name != "tokenlake.pad_id"})


def test_rows_and_properties_change_in_one_version(lake, note):
    lake.overwrite(packed("run-1", 8), sequences("x", SHORT), note("run-1", "rebuild"), -1)
    lake.overwrite(packed("run-2", 32), sequences("x", LONG), note("run-2", "rebuild"), 0)
    assert formats(lake) == [SHORT, LONG]
    assert [commit.metadata.run_id for commit in lake.commits("sequences_x")] == ["run-2", "run-1"]
    seen = [DeltaTable(lake.path("sequences_x"), version=n).to_pyarrow_table()["ids"].to_pylist() for n in (0, 1)]
    assert seen == [[bytes(8)], [bytes(32)]]


def test_a_table_keeps_its_id_and_what_others_have_set(lake, note):
    lake.overwrite(packed("run-1", 8), sequences("x", SHORT), note("run-1", "rebuild"), -1)
    before = DeltaTable(lake.path("sequences_x"))
    before.alter.set_table_properties({"delta.deletedFileRetentionDuration": "interval 7 days"})
    lake.overwrite(packed("run-2", 32), sequences("x", LONG), note("run-2", "rebuild"), 1)
    after = DeltaTable(lake.path("sequences_x")).metadata()
    assert (after.id, after.created_time) == (before.metadata().id, before.metadata().created_time)
    assert after.configuration["delta.deletedFileRetentionDuration"] == "interval 7 days"


def test_rows_are_not_added_to_rows_of_other_properties(lake, note):
    lake.overwrite(packed("run-1", 8), sequences("x", SHORT), note("run-1", "rebuild"), -1)
    with pytest.raises(ValueError, match="sequences_x: the rows to add have other properties"):
        lake.append(packed("run-2", 32), sequences("x", LONG), note("run-2"), 0)
    assert formats(lake) == [SHORT]


def test_a_change_of_properties_from_a_version_that_is_not_the_newest_is_refused(lake, note):
    lake.overwrite(packed("run-1", 8), sequences("x", SHORT), note("run-1", "rebuild"), -1)
    lake.append(packed("run-2", 8), sequences("x", SHORT), note("run-2"), 0)
    with pytest.raises(ConcurrentCommitError, match="another run committed meanwhile"):
        lake.overwrite(packed("run-3", 32), sequences("x", LONG), note("run-3", "rebuild"), 0)
    assert formats(lake) == [SHORT, SHORT]


def test_sail_reads_the_table_as_delta_after_a_change_of_properties(lake, note, spark):
    lake.overwrite(packed("run-1", 8), sequences("x", SHORT), note("run-1", "rebuild"), -1)
    lake.overwrite(packed("run-2", 32), sequences("x", LONG), note("run-2", "rebuild"), 0)
    row = spark.read.format("delta").load(lake.path("sequences_x")).head()
    assert (row.sequence_id, row.split, len(row.ids)) == ("run-2", "train", 32)


def test_the_log_survives_a_checkpoint(lake, note):
    lake.overwrite(packed("run-1", 8), sequences("x", SHORT), note("run-1", "rebuild"), -1)
    DeltaTable(lake.path("sequences_x")).create_checkpoint()
    lake.append(packed("run-2", 8), sequences("x", SHORT), note("run-2"), 0)
    log = Path(lake.path("sequences_x"), "_delta_log")
    (log / f"{0:020d}.json").unlink()
    assert lake.properties("sequences_x")["tokenlake.tokenizer"] == "one"
    assert lake.rows("sequences_x") == 2


def test_a_file_is_written_once(tmp_path):
    storage = Storage(str(tmp_path))
    storage.create_text("log/1.json", "first")
    with pytest.raises(FileExistsError):
        storage.create_text("log/1.json", "second")
    assert storage.read_text("log/1.json") == "first"
    assert [entry.name for entry in storage.entries("log")] == ["1.json"]


def test_a_file_is_written_once_to_an_object_store():
    storage = Storage("memory://lake-of-new-files")
    storage.create_text("log/1.json", json.dumps("ä"))
    with pytest.raises(FileExistsError):
        storage.create_text("log/1.json", "second")
    assert storage.read_text("log/1.json") == json.dumps("ä")


@pytest.mark.parametrize(("objective", "column"), [("masked", "is_next"), ("translation", "target_language")])
def test_a_table_of_sequences_is_known_by_the_columns_of_its_objective(lake, note, objective, column):
    table = sequences("x", replace(SHORT, objective=objective))
    row = {**dict.fromkeys(table.schema.names), "sequence_id": "1", "split": "train", "run_id": "run-1"}
    lake.overwrite(pa.Table.from_pylist([row], table.schema), table, note("run-1", "rebuild"), -1)
    [known_table] = known(lake)
    assert known_table.schema == table.schema
    assert column in known_table.schema.names
