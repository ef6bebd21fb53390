"""A failure in words: the fault, where it is, what to do. The texts are what Spark, Delta and Hadoop say."""

import pytest

from jobs.failures import explain_failure, note_lake
from pipelines.workers.edge import in_worker

FULL = """An error occurred while calling o118.save.
: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows to file:{lake}/tokens.
	at org.apache.spark.sql.errors.QueryExecutionErrors$.taskFailedWhileWritingRows(QueryExecutionErrors.scala:8)
Caused by: org.apache.hadoop.fs.FSError: java.io.IOException: No space left on device
	at org.apache.hadoop.fs.RawLocalFileSystem$LocalFSFileOutputStream.write(RawLocalFileSystem.java:549)
	... 26 more
Caused by: java.io.IOException: No space left on device
	at java.base/java.io.FileOutputStream.writeBytes(Native Method)
	... 38 more
"""
READ_ONLY = """An error occurred while calling o63.create.
: java.io.FileNotFoundException: {lake}/report/report.json.part (Read-only file system)
	at java.base/java.io.FileOutputStream.open0(Native Method)
"""
TOGETHER = """An error occurred while calling o118.save.
: io.delta.exceptions.ConcurrentTransactionException: [DELTA_CONCURRENT_TRANSACTION] This error occurs when ...
	at org.apache.spark.sql.delta.DeltaErrorsBase.concurrentTransactionException(DeltaErrors.scala:2324)
"""
UNKNOWN = """An error occurred while calling o118.save.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 18.0 failed 1 times
	at org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2977)
Caused by: java.lang.IllegalStateException: the third wheel came off
	at org.example.Wheel.turn(Wheel.scala:1)
"""
IN_PYTHON = """An error occurred while calling o118.save.
: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/x/pyspark/worker.py", line 1, in main
    process()
ValueError: document 7 has no words
	at org.apache.spark.api.python.BasePythonRunner.start(PythonRunner.scala:1)
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FULL, "no space left for {lake}/tokens"),
        (READ_ONLY, "{lake}/report/report.json.part is on a read-only file system"),
        (TOGETHER, "another run committed to the same table meanwhile"),
    ],
)
def test_a_fault_of_the_machine_is_named_with_its_place_and_what_to_do(tmp_path, text, expected):
    failure = explain_failure(RuntimeError(text.format(lake=tmp_path)))
    assert failure.known
    assert failure.message.startswith(expected.format(lake=tmp_path))
    assert "run the same command again" in failure.message
    assert "java" not in failure.message


def test_what_fails_because_the_session_is_gone_does_not_hide_why_it_went(tmp_path):
    last = OSError("the session cannot be stopped")
    last.__context__ = RuntimeError(FULL.format(lake=tmp_path))
    assert explain_failure(last).message.startswith(f"no space left for {tmp_path}/tokens")


def test_a_fault_that_names_no_path_is_told_of_the_lake(tmp_path):
    error = RuntimeError("An error occurred while calling o63.write.\n: java.io.IOException: No space left on device")
    note_lake(error, f"{tmp_path}/lake")
    assert explain_failure(error).message.startswith(f"no space left for {tmp_path}/lake (")


def test_a_jvm_that_was_killed_is_said_to_have_ended():
    assert explain_failure(ConnectionRefusedError(111, "Connection refused")).message.startswith(
        "Spark's JVM has ended: killed"
    )


def test_a_task_without_memory_says_that_nothing_is_lost(spark):
    def without_memory(batches):
        raise MemoryError
        yield from batches

    rows = spark.range(1).mapInArrow(in_worker(without_memory), "id long")
    with pytest.raises(Exception, match="MemoryError") as raised:
        rows.toArrow()
    failure = explain_failure(raised.value)
    assert failure.known
    assert failure.message.startswith("memory ran out while a task worked; what it was reading is not rejected")


def test_pythons_own_errors_name_their_file():
    message = explain_failure(PermissionError(13, "Permission denied", "/lakes/mine/_lock")).message
    assert message.startswith("/lakes/mine/_lock: permission denied. ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [(UNKNOWN, "IllegalStateException: the third wheel came off"), (IN_PYTHON, "ValueError: document 7 has no words")],
)
def test_of_any_other_failure_of_the_engine_the_cause_is_told_in_one_line(text, expected):
    failure = explain_failure(RuntimeError(text))
    assert (failure.message, failure.known) == (expected, False)


@pytest.mark.parametrize("text", ["invariants of x that do not hold:\n  kept: 1 ≠ 2", "a session was asked for", ""])
def test_what_tokenlake_says_itself_stays_as_it_is(text):
    assert explain_failure(RuntimeError(text)).message == (text or "RuntimeError")
