"""Runs that somebody asks for: of one day, and of a range of days."""

from datetime import datetime

import pytest
from commands import succeed
from real_cluster import state
from site_of_tests import DAYS

FIRST, SECOND, THIRD = DAYS


@pytest.fixture(scope="module")
def first(site, cluster):
    """The run of the first day, after its end."""
    site.install()
    succeed("k8s", "run", "ingest", "--date", FIRST, "--wait", "--namespace", cluster.namespace)
    (run,) = cluster.runs("ingest")
    return run


@pytest.fixture(scope="module")
def backfilled(site, cluster, first):
    """The runs of the other days, after a backfill of all three."""
    backfill(cluster)
    return cluster.runs("ingest")[1:]


def backfill(cluster):
    """What the command prints."""
    return succeed("k8s", "backfill", "ingest", f"{FIRST}..{THIRD}", "--namespace", cluster.namespace)


def days_read(site):
    """Of the files in the lake."""
    from lake.lake import Lake

    uris = Lake(site.lake).read_here("inputs", ["uri"])["uri"].to_pylist()
    return {day for day in DAYS for uri in uris if day in uri}


def test_run_stamps_the_schedule_with_a_day(cluster, first):
    schedule = cluster.get("scheduledsparkapplication", "tokenlake-ingest")["spec"]["template"]
    assert state(first) == "COMPLETED"
    assert first["spec"]["arguments"] == [*schedule["arguments"], "--date", FIRST]
    same = ("image", "mainApplicationFile", "restartPolicy", "timeToLiveSeconds", "sparkConf", "dynamicAllocation")
    assert {key: first["spec"][key] for key in same} == {key: schedule[key] for key in same}
    assert first["metadata"]["labels"]["tokenlake.io/date"] == FIRST


def test_the_lake_holds_that_day_and_no_other(site, first):
    assert days_read(site) == {FIRST}


def test_backfill_runs_the_days_that_are_not_done_one_after_the_other(backfilled):
    second, third = backfilled
    assert [each["metadata"]["labels"]["tokenlake.io/date"] for each in backfilled] == [SECOND, THIRD]
    assert [state(each) for each in backfilled] == ["COMPLETED", "COMPLETED"]
    assert [each["spec"]["arguments"][-2:] for each in backfilled] == [["--date", SECOND], ["--date", THIRD]]
    ended = datetime.fromisoformat(second["status"]["terminationTime"])
    assert datetime.fromisoformat(third["metadata"]["creationTimestamp"]) >= ended


def test_the_lake_holds_all_days_then(site, backfilled):
    assert days_read(site) == set(DAYS)


def test_the_same_backfill_again_starts_nothing(cluster, backfilled):
    backfill(cluster)
    assert len(cluster.runs("ingest")) == 1 + len(backfilled)
