"""`kill -9` of the whole process tree, the same command again, another one beside it; the same tables in the end.

Two kills, one at the worst place and one deep in a run; `make faults-full` kills fifty times and more.
"""

import re
import shutil
import signal
import time
from pathlib import Path

import fault_lakes
import lake_rows
import pytest
from kill_campaign import kill_at_commit
from process_tree import start


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_and_resumed_the_tables_end_equal_and_a_second_run_keeps_out(lake, corpus_folder, tmp_path):
    killed = tmp_path / "lake"
    config = fault_lakes.write_config(tmp_path / "run.yaml", killed, corpus_folder)
    assert kill_at_commit(start(config), killed, "rejects"), "the run ended before it committed rejects"
    assert kill_at_commit(start(config), killed, "signatures"), "the run ended before it committed signatures"
    last = start(config)
    assert last.watch(lambda event: event["event"] == "stage_started"), last.said
    last.process.send_signal(signal.SIGSTOP)  # it must not end before the second one looks
    second = start(config, json_log=False)
    assert second.wait() == 1
    last.process.send_signal(signal.SIGCONT)
    assert f"{killed}: another run is at work there (process {last.process.pid} on " in second.said[-2]
    assert "run this command again" in second.said[-2]
    last.wait()
    work = fault_lakes.Work("killed", config, None, Path(lake), 0.0)
    assert work.problems(killed, last) == []


@pytest.mark.slow
def test_a_killed_worker_ends_the_run_with_its_name_and_the_same_command_goes_on(lake, corpus_folder, tmp_path):
    killed = tmp_path / "lake"
    config = fault_lakes.write_config(tmp_path / "run.yaml", killed, corpus_folder)
    run = start(config)
    assert run.watch(lambda event: event["event"] == "reading"), run.said
    while not run.strike("worker") and run.process.poll() is None:
        time.sleep(0.005)
    assert run.wait() == 1
    assert re.search(r"worker process \d+ was killed \(signal 9\)", run.error), run.error
    assert run.processes() == []
    again = start(config)
    again.wait()
    assert fault_lakes.Work("killed", config, None, Path(lake), 0.0).problems(killed, again) == []


def test_a_lake_that_differs_is_told_row_by_row(lake, tmp_path):
    """The comparison can fail: one row of a table that is not as it was."""
    other = shutil.copytree(lake, tmp_path / "other")
    assert list(lake_rows.differences(other, Path(lake))) == []
    log = other / "tokens" / "_delta_log" / f"{0:020d}.json"
    lines = log.read_text().splitlines(keepends=True)
    lines.remove(next(line for line in lines if '"add"' in line))
    log.write_text("".join(lines))
    assert [text.partition(":")[0] for text in lake_rows.differences(other, Path(lake))] == ["tokens"]
