"""`kill -9` of the whole process tree, the same command again, another one beside it; the same tables in the end.

Two kills, one at the worst place and one deep in a run; `make faults-full` kills fifty times and more.
"""

import shutil
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
    assert last.watch(lambda event: event["event"] == "ready"), last.said
    second = start(config, json_log=False)
    assert second.wait() == 1
    assert f"{killed}: another run is at work there (process {last.process.pid} on " in second.said[-2]
    assert "give this command again" in second.said[-2]
    last.wait()
    work = fault_lakes.Work("killed", config, None, Path(lake), 0.0)
    assert work.problems(killed, last) == []


def test_a_lake_that_differs_is_told_row_by_row(lake, tmp_path):
    """The comparison can fail: one row of a table that is not as it was."""
    other = shutil.copytree(lake, tmp_path / "other")
    assert list(lake_rows.differences(other, Path(lake))) == []
    log = other / "tokens" / "_delta_log" / f"{0:020d}.json"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(line for line in lines if '"add"' not in line or line != lines[-1]))
    assert [text.partition(":")[0] for text in lake_rows.differences(other, Path(lake))] == ["tokens"]
