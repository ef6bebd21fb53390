"""What is known of a data file before it is opened."""

import json
from datetime import UTC, datetime

import delta_by_hand
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lake.commits import CommitMetadata
from lake.data_files import DataFile, UnreadableTableError, active, of_table, reported
from lake.lake import Lake
from pipelines.tables import Table

FILE = DataFile("a.parquet", 10, 3, {"split": "train"}, {"run_id": "b", "position": 4}, {"run_id": "d", "position": 9})


def test_a_file_goes_from_a_task_to_the_driver_and_back():
    assert DataFile.from_json(FILE.to_json()) == FILE


def test_files_of_several_tables_are_told_apart_and_ordered():
    names = ["c", "a", "b"]
    pairs = [("tokens", DataFile(name, 1, 1)) for name in names] + [("documents", FILE)]
    rows = pa.Table.from_batches([reported(pairs)])
    assert [file.path for file in of_table(rows, "tokens")] == ["a", "b", "c"]
    assert of_table(rows, "documents") == [FILE]
    assert of_table(rows, "rejects") == []


@pytest.mark.parametrize(
    ("values", "may"),
    [(["a"], False), (["b"], True), (["c"], True), (["d"], True), (["e"], False), (["a", "c"], True)],
)
def test_a_file_is_passed_over_only_when_its_bounds_rule_it_out(values, may):
    assert FILE.may_hold("run_id", values) is may


def test_a_file_without_statistics_may_hold_anything_and_holds_nothing_for_sure():
    assert FILE.may_hold("doc_id", ["x"])
    assert not FILE.holds_only("doc_id", ["x"])


def test_a_file_holds_only_a_value_when_its_bounds_are_that_value():
    one = DataFile("a", 1, 1, {}, {"run_id": "b"}, {"run_id": "b"})
    assert one.holds_only("run_id", ["a", "b"])
    assert not one.holds_only("run_id", ["a"])
    assert not FILE.holds_only("run_id", ["b", "c", "d"])


def test_the_log_of_a_lake_gives_rows_bounds_and_partitions(lake, rows, note):
    from pipelines.tables import TOKENS

    lake.append(rows("run-1", "b", "a"), TOKENS, note("run-1"), None)
    (file,) = lake.files("tokens")
    assert (file.rows, file.partition) == (2, {})
    assert (file.low["doc_id"], file.high["doc_id"], file.low["run_id"]) == ("a", "b", "run-1")
    assert file.size == lake.storage.size(f"tokens/{file.path}")
    assert "ids" not in file.low


def test_files_that_another_program_wrote_may_have_no_statistics(tmp_path):
    write_deltalake(
        str(tmp_path), pa.table({"run_id": ["x"]}), configuration={"delta.dataSkippingNumIndexedCols": "0"}
    )
    (file,) = active(DeltaTable(str(tmp_path)))
    assert (file.low, file.high) == ({}, {})


def test_partition_values_of_other_programs_are_decoded(tmp_path):
    write_deltalake(str(tmp_path), pa.table({"a": [1, 2], "p": ["x y/%", None]}), partition_by=["p"])
    files = {file.partition.get("p"): file for file in active(DeltaTable(str(tmp_path)))}
    assert set(files) == {"x y/%", None}
    assert all((tmp_path / file.path).is_file() for file in files.values())


def test_a_table_whose_rows_are_hidden_or_renamed_is_refused_with_what_to_do(tmp_path):
    delta_by_hand.create(tmp_path / "t", {"a": pa.table({"text": ["x", "y"]})}, "part")
    with pytest.raises(UnreadableTableError, match=r"uses columnMapping and deletionVectors.*REORG TABLE"):
        active(DeltaTable(str(tmp_path / "t")))


def test_columns_that_are_renamed_without_saying_so_in_the_protocol_are_noticed(tmp_path):
    """Tables of reader version 2 list no features."""
    delta_by_hand.create(tmp_path / "t", {"a": pa.table({"text": ["x"]})}, "part")
    log = tmp_path / "t" / "_delta_log" / f"{0:020d}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        if "protocol" in action:
            action["protocol"] = {"minReaderVersion": 2, "minWriterVersion": 5}
        if "metaData" in action:
            del action["metaData"]["configuration"]["delta.enableDeletionVectors"]
    log.write_text("\n".join(map(json.dumps, actions)))
    with pytest.raises(UnreadableTableError, match="uses columnMapping, "):
        active(DeltaTable(str(tmp_path / "t")))


def test_bounds_of_times_are_the_same_text_from_the_writer_and_from_the_log(tmp_path):
    schema = pa.schema([("event_timestamp", pa.timestamp("us", tz="UTC")), ("run_id", pa.string())])
    table = Table("times", key=("event_timestamp",), schema=schema)
    lake = Lake(str(tmp_path))
    times = [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 5, 1, tzinfo=UTC)]
    rows = pa.table({"event_timestamp": times, "run_id": ["r", "r"]}, schema=schema)
    (written,) = lake.write(rows, table, "r-1")
    lake.commit_files([written], table, CommitMetadata("r-1", "s", "append", "", "", {}, 0.0), "append", -1)
    (logged,) = lake.files("times")
    low, high = "2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:05.000001Z"
    assert [(file.low["event_timestamp"], file.high["event_timestamp"]) for file in (written, logged)] == [
        (low, high)
    ] * 2
    assert DataFile.from_json(written.to_json()) == written
