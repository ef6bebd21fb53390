"""The clock starts the stages of a day together; they take their turns on the lake, which is then complete."""

import itertools

import clock
import lake_rows
import pytest
from commands import succeed
from real_cluster import state

STAGES = ("ingest", "clean", "dedup", "tokenize", "pack")


@pytest.fixture(scope="module")
def first(site):
    """Stage -> its run, after all have ended."""
    return fire(site)


@pytest.fixture(scope="module")
def lake(site, first, tmp_path_factory):
    """What is in the bucket after the first firing."""
    return site.bucket.download("lake", tmp_path_factory.mktemp("made") / "lake")


def fire(site):
    """Schedules that fire in the next minute; returns the run of each when all have ended."""
    site.cluster.clear()
    site.install(jobs={stage: {"schedule": clock.next_minute()} for stage in STAGES})
    started = {
        stage: site.cluster.wait(f"a run of {stage}", lambda stage=stage: site.cluster.runs(stage)) for stage in STAGES
    }
    return {stage: site.cluster.wait_for_end(runs[0]["metadata"]["name"]) for stage, runs in started.items()}


def test_every_stage_completes_with_two_executors(first):
    assert {stage: state(run) for stage, run in first.items()} == dict.fromkeys(STAGES, "COMPLETED")
    # More than two where one could not reach its driver, which happens, and another took its place.
    assert all(len(run["status"]["executorState"]) >= 2 for run in first.values())


def test_they_worked_one_after_the_other_in_the_order_of_the_pipeline(lake):
    runs = lake_rows.read(lake, "runs").sort_by("started_at").to_pylist()
    order = list(dict.fromkeys(run["stage"] for run in runs))
    assert order == list(STAGES)
    assert all(earlier["finished_at"] <= later["started_at"] for earlier, later in itertools.pairwise(runs))


def test_the_lake_is_row_for_row_the_one_that_this_machine_makes(lake, expected):
    assert lake_rows.count(lake) > 500
    assert list(lake_rows.differences(lake, expected)) == []


def test_tables_prints_the_lake_in_the_bucket(site, lake):
    said = succeed("tables", site.lake).output
    for table in lake_rows.tables(lake):
        (line,) = [line for line in said.splitlines() if line.split()[:1] == [table]]
        assert f"{lake_rows.read(lake, table).num_rows:,}" in line.split()


def test_every_run_leaves_an_event_log_for_the_history_server(site, first):
    keys = site.bucket.keys("spark-events")
    assert len({key.split("/")[1] for key in keys if key.split("/")[1].startswith("eventlog_v2_")}) == len(first)


def test_the_next_firing_commits_nothing_and_starts_no_executor(site, lake):
    before = site.bucket.keys("lake")
    again = fire(site)
    assert {stage: state(run) for stage, run in again.items()} == dict.fromkeys(STAGES, "COMPLETED")
    assert not any(run["status"].get("executorState") for run in again.values())
    assert site.bucket.keys("lake") == before
