"""What a table's log says of a commit, whoever wrote it."""

import json
from datetime import UTC, datetime

import pytest

from lake.commits import CommitMetadata, parse

OURS = CommitMetadata(
    run_id="tokenize-1",
    stage="tokenize",
    mode="append",
    config_hash="c",
    code_version="0.2.0",
    inputs={"clean_documents": 3},
    started_at=1700000000.5,
    rows_in=7,
    rows_out=5,
    detail={"tokenizer": "t"},
)


def log(*actions):
    return "\n".join(map(json.dumps, actions))


def info(**more):
    return {"commitInfo": {"timestamp": 1700000123456, "operation": "WRITE", **more}}


def test_a_commit_of_this_version_is_read_as_it_was_written():
    commit = parse("tokens", 4, log(info(userMetadata=OURS.to_json()), {"add": {"path": "x"}}))
    assert (commit.table, commit.version, commit.operation, commit.rows_out) == ("tokens", 4, "WRITE", 5)
    assert commit.timestamp == datetime(2023, 11, 14, 22, 15, 23, 456000, UTC)
    assert commit.metadata == OURS


def test_it_does_not_matter_where_in_the_log_the_commit_describes_itself():
    assert parse("t", 0, log({"add": {"path": "x"}}, {"txn": {}}, info(userMetadata=OURS.to_json()))).metadata == OURS


def test_rows_of_a_commit_of_version_0_1_were_counted_by_spark():
    """It wrote through Spark: no `rows_out` in the metadata, numbers as texts in the metrics."""
    old = json.loads(OURS.to_json())
    del old["tokenlake"]["rows_out"]
    metrics = {"numFiles": "2", "numOutputRows": "42", "numOutputBytes": "1"}
    commit = parse("tokens", 0, log(info(operationMetrics=metrics, userMetadata=json.dumps(old))))
    assert (commit.metadata.run_id, commit.rows_out) == ("tokenize-1", 42)


def test_of_a_merge_of_version_0_1_the_inserted_rows_count():
    old = json.loads(OURS.to_json())
    del old["tokenlake"]["rows_out"]
    metrics = {"numTargetRowsInserted": "3", "numTargetRowsUpdated": "9", "numOutputRows": "12"}
    text = log(info(operation="MERGE", operationMetrics=metrics, userMetadata=json.dumps(old)))
    assert parse("duplicates", 1, text).rows_out == 3


def test_keys_of_a_later_version_are_passed_over():
    later = json.loads(OURS.to_json())
    later["tokenlake"]["colour"] = "red"
    assert CommitMetadata.from_json(json.dumps(later)) == OURS


@pytest.mark.parametrize(
    "text",
    [None, "", "words", "{}", "[]", "null", '"tokenlake"', '{"tokenlake": 3}', '{"tokenlake": {"run_id": "x"}}'],
)
def test_metadata_of_other_programs_is_none(text):
    assert CommitMetadata.from_json(text) is None
    assert parse("t", 0, log(info(userMetadata=text))).metadata is None


@pytest.mark.parametrize("text", ["", log({"add": {"path": "x"}})])
def test_a_log_that_does_not_describe_itself_is_still_a_commit(text):
    commit = parse("t", 2, text)
    assert (commit.version, commit.operation, commit.metadata, commit.rows_out) == (2, "unknown", None, 0)
