"""The full profile, which `make faults-full` runs: two runs at once, disks that fill up anywhere, and fifty kills."""

import os
import shutil
from pathlib import Path

import fault_lakes
import kill_campaign
import lake_rows
import mounts
import process_tree
import pytest
from test_disk_faults import in_words

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(4 * 3600),
    pytest.mark.skipif(os.environ.get("TOKENLAKE_FAULTS") != "full", reason="takes half an hour: make faults-full"),
]


@pytest.fixture(scope="module")
def works(tmp_path_factory) -> tuple[fault_lakes.Work, fault_lakes.Work]:
    return fault_lakes.prepare(tmp_path_factory.mktemp("faults"))


def test_of_two_runs_started_at_once_one_wins_and_the_other_says_what_to_do(works, tmp_path):
    fresh, _ = works
    runs = [process_tree.start(fresh.config, "--lake", str(tmp_path / "lake")) for _ in range(2)]
    loser, winner = sorted(runs, key=lambda run: -run.wait())
    assert (loser.process.returncode, winner.process.returncode) == (1, 0)
    assert "another run is at work there" in loser.error
    assert fresh.problems(tmp_path / "lake", winner) == []


def test_other_input_that_came_during_a_run_flows_in_when_its_command_is_given_again(works, tmp_path):
    fresh, more = works
    first = process_tree.start(fresh.config, "--lake", str(tmp_path / "lake"))
    assert first.watch(lambda event: event["event"] == "reading")
    second = process_tree.start(more.config, "--lake", str(tmp_path / "lake"))
    assert second.wait() == 1
    assert "another run is at work there" in second.error
    assert first.wait() == 0
    again = process_tree.start(more.config, "--lake", str(tmp_path / "lake"))
    again.wait()
    assert more.problems(tmp_path / "lake", again) == []


def test_a_disk_that_fills_up_anywhere_leaves_tables_to_read_and_to_go_on_from(works, tmp_path):
    fresh, _ = works
    reached = []
    with mounts.small(tmp_path / "mount", "100k") as mount:
        for size in ("100k", "250k", "450k", "650k", "850k", "1100k", "64m"):
            mounts.change(mount, f"size={size}")
            run = process_tree.start(fresh.config, "--lake", str(mount / "lake"))
            if run.wait() == 0:
                break
            assert "no space left for " in run.error, run.error
            assert str(mount) in run.error
            reached.append(run.stage)
            for table in lake_rows.tables(mount / "lake"):
                assert lake_rows.rows(mount / "lake", table), table
        assert fresh.problems(mount / "lake", run) == []
    assert len(set(reached)) >= 3, reached


def test_a_lake_that_became_read_only_stays_as_it_is_and_goes_on_when_it_can_be_written(works, tmp_path):
    fresh, more = works
    with mounts.small(tmp_path / "mount", "64m") as mount:
        shutil.copytree(fresh.expected, mount / "lake")
        mounts.change(mount, "ro")
        run = process_tree.start(more.config, "--lake", str(mount / "lake"), json_log=False)
        run.wait()
        in_words(run, f"{mount}/lake", "read-only")
        assert list(lake_rows.differences(mount / "lake", fresh.expected)) == []
        mounts.change(mount, "rw")
        run = process_tree.start(more.config, "--lake", str(mount / "lake"))
        run.wait()
        assert more.problems(mount / "lake", run) == []


def test_fifty_kills_leave_every_lake_row_for_row_as_without(tmp_path: Path):
    tally = kill_campaign.Campaign(tmp_path, seed=1).run(kills=50)
    print(tally.table())
    assert len(tally.kills) >= 50
    assert {kill[0] for kill in tally.kills} >= {"ingest", "clean", "dedup", "tokenize", "pack"}
    assert tally.problems == []
