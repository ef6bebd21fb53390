"""`--wait`: jobs that start in any order take their turns on a lake in the order of the stages."""

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import fault_lakes
import lake_rows
import pyarrow as pa
import pytest

from jobs.metrics.recorded import record, stage_file
from jobs.progress import Reporter
from jobs.turn import NotReadyError, await_turn, turn, unfinished
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.lock import LakeBusyError, exclusive
from pipelines.tables.table import Table

STAGES = ("ingest", "clean", "dedup", "tokenize", "pack")


def start(config, stage: str, minutes: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "jobs", "stage", stage, str(config), "--wait", str(minutes)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def holding(lake: str, seconds: float) -> threading.Thread:
    """Holds the lock of a lake in another thread, which flock(2) takes for another holder."""
    held = threading.Event()

    def hold() -> None:
        with exclusive(lake):
            held.set()
            time.sleep(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    return thread


@pytest.fixture
def said(monkeypatch) -> list[dict]:
    """The events that waiting reports; looks come quickly."""
    monkeypatch.setattr("jobs.turn.PAUSE", 0.05)
    return []


class Listening(Reporter):
    def __init__(self, events: list[dict]) -> None:
        super().__init__()
        self.events = events

    def event(self, name: str, message: str = "", /, **fields: object) -> None:
        self.events.append({"event": name, **fields})


def test_a_run_waits_until_another_has_ended_and_says_so(tmp_path, said):
    other = holding(str(tmp_path), 0.5)
    with turn(str(tmp_path), None, 1, Listening(said)):
        assert not other.is_alive()
    assert [each["event"] for each in said] == ["waiting_for_turn", "turn"]
    assert "another run is at work there" in said[0]["why"]


def test_after_its_time_it_ends_with_the_error_of_a_busy_lake(tmp_path, said):
    other = holding(str(tmp_path), 1)
    with pytest.raises(LakeBusyError), turn(str(tmp_path), None, 0.2 / 60, Listening(said)):
        pass
    other.join()


def test_an_error_of_the_block_is_not_taken_for_waiting(tmp_path, said):
    with pytest.raises(LakeBusyError, match="inside"), turn(str(tmp_path), None, 1, Listening(said)):
        raise LakeBusyError("inside")
    assert said == []


def test_a_command_that_holds_no_lock_waits_too(lake, tmp_path, said):
    root = shutil.copytree(lake, tmp_path / "lake")
    other = holding(str(root), 0.3)
    await_turn(str(root), 1, Listening(said))
    assert not other.is_alive()


def test_what_such_a_command_waits_for_is_said(tmp_path):
    with pytest.raises(NotReadyError, match="ingest has not processed what is there, and this command works on"):
        await_turn(str(tmp_path), 1e-6, Reporter())


def test_a_complete_lake_keeps_no_stage_waiting(lake):
    assert [unfinished(Lake(lake), stage) for stage in (*STAGES, "features")] == [None] * 6


def test_the_stages_of_a_lake_that_is_not_there_yet_wait_for_ingest(tmp_path):
    assert [unfinished(Lake(str(tmp_path)), stage) for stage in STAGES] == [None, *["ingest"] * 4]


def commit(lake: Lake, name: str, **inputs: int) -> None:
    """A commit without rows, as a step makes it."""
    run_id = f"step-{name}-{lake.version(name) + 1 if lake.exists(name) else 0}"
    metadata = CommitMetadata(run_id, "step", "append", "", "", inputs, started_at=time.time())
    table = Table(name, ("doc_id",), pa.schema([("doc_id", pa.string())]))
    lake.append(table.schema.empty_table(), table, metadata, None)


def test_a_comparison_with_benchmarks_that_was_switched_off_keeps_nobody_waiting(tmp_path):
    lake = Lake(str(tmp_path))
    commit(lake, "documents")
    commit(lake, "measures", documents=0)
    commit(lake, "contamination", measures=0)
    commit(lake, "measures", documents=0)  # of the next run, without benchmarks
    commit(lake, "decisions", measures=1)

    assert unfinished(lake, "dedup") is None


def test_a_packing_that_is_no_longer_configured_keeps_nobody_waiting(tmp_path):
    lake = Lake(str(tmp_path))
    for name in ("documents", "decisions", "clean_documents", "tokens"):
        commit(lake, name)
    commit(lake, "sequences_old", tokens=0)
    commit(lake, "sequences_new", tokens=0)
    commit(lake, "tokens")

    assert unfinished(lake, "features") == "pack"
    commit(lake, "sequences_new", tokens=1)
    assert unfinished(lake, "features") is None


def test_a_run_of_pack_that_makes_no_table_keeps_nobody_waiting(tmp_path):
    lake = Lake(str(tmp_path))
    for name in ("documents", "decisions", "clean_documents", "tokens"):
        commit(lake, name)
    assert unfinished(lake, "features") == "pack"
    record(lake, stage_file("pack", "done"), Reporter())
    assert unfinished(lake, "features") is None


def test_materialize_waits_for_features_that_were_computed_before_the_newest_decisions(tmp_path):
    lake = Lake(str(tmp_path))
    for name in ("documents", "measures", "decisions", "clean_documents", "tokens", "sequences_causal"):
        commit(lake, name)
    record(lake, stage_file("features", "done"), Reporter())
    assert unfinished(lake, "materialize") is None
    commit(lake, "decisions")
    assert unfinished(lake, "materialize") == "features"


@pytest.mark.slow
def test_a_stage_does_not_begin_before_the_one_in_front_of_it_has_ended(corpus_folder, tmp_path):
    config = fault_lakes.write_config(tmp_path / "run.yaml", tmp_path / "lake", corpus_folder)
    root = str(tmp_path / "lake")
    assert start(config, "ingest", 0).wait(120) == 0
    assert unfinished(Lake(root), "dedup") == "clean"
    with pytest.raises(NotReadyError, match="clean has not processed what is there, and dedup"):
        _wait_for(root, "dedup")
    early = start(config, "dedup", 0.001)
    assert "Run clean first" in early.communicate(timeout=120)[0]
    assert early.returncode == 1
    assert start(config, "clean", 0).wait(120) == 0
    assert unfinished(Lake(root), "dedup") is None
    assert unfinished(Lake(root), "pack") == "dedup"


def _wait_for(root: str, stage: str) -> None:
    with turn(root, stage, 1e-6, Reporter()):
        pass


@pytest.mark.slow
def test_jobs_started_in_the_wrong_order_end_with_the_tables_of_one_run(lake, corpus_folder, tmp_path):
    config = fault_lakes.write_config(tmp_path / "run.yaml", tmp_path / "lake", corpus_folder)
    for process in [start(config, stage, 5) for stage in reversed(STAGES)]:
        output = process.communicate(timeout=300)[0]
        assert process.returncode == 0, output
    assert list(lake_rows.differences(tmp_path / "lake", Path(lake))) == []
