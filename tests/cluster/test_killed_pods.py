"""A pod that is killed in the middle of a run costs time, and nothing else."""

import lake_rows
import pytest
from commands import succeed
from real_cluster import state

FIRST_COMMIT = "_delta_log/00000000000000000000.json"


@pytest.fixture
def start(site, cluster):
    """Starts a run of all stages that makes a lake of this name; returns the run's name once its documents are there.

    So clean is at work then, with both executors.
    """

    def start(name):
        site.install(lake=f"s3://{site.bucket.name}/{name}")
        succeed("k8s", "run", "pipeline", "--namespace", cluster.namespace)
        run = cluster.runs("pipeline")[-1]["metadata"]["name"]
        cluster.wait("the documents", lambda: site.bucket.has(f"{name}/documents/{FIRST_COMMIT}"), pause=0.3)
        return run

    return start


@pytest.fixture
def problems(site, expected, tmp_path):
    """How a lake in the bucket differs from the one that this machine makes."""
    return lambda name: list(lake_rows.differences(site.bucket.download(name, tmp_path / name), expected))


def executors(cluster, run):
    """Name -> last state of every executor that a run has had."""
    return cluster.get("sparkapplication", run)["status"].get("executorState", {})


def test_a_killed_executor_is_replaced_and_the_rows_are_the_same(site, cluster, start, problems):
    run = start("executor-killed")
    (first, *_) = cluster.pods(run, "executor")
    killed = first["metadata"]["name"]
    cluster.kubectl("delete", "pod", killed, "--grace-period=0", "--force")
    assert not site.bucket.has(f"executor-killed/measures/{FIRST_COMMIT}")  # clean had not committed
    names = cluster.wait("a third executor", lambda: len(found := {*executors(cluster, run)}) > 2 and found)
    assert killed in names
    ended = cluster.wait_for_end(run)
    assert state(ended) == "COMPLETED"
    assert ended["status"]["executionAttempts"] == 1
    assert problems("executor-killed") == []


def test_a_killed_driver_is_started_again_and_nothing_is_lost_or_doubled(site, cluster, start, problems):
    run = start("driver-killed")
    (driver,) = cluster.pods(run, "driver")
    cluster.kubectl("delete", "pod", driver["metadata"]["name"], "--grace-period=0", "--force")
    assert not site.bucket.has(f"driver-killed/measures/{FIRST_COMMIT}")
    ended = cluster.wait_for_end(run)
    assert state(ended) == "COMPLETED"
    assert ended["status"]["executionAttempts"] == 2
    assert problems("driver-killed") == []
