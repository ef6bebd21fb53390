"""Why a pod does not run, or ended badly."""

import json
from pathlib import Path

import pytest

from jobs.kubernetes.pod_states import hindrance

RECORDED = Path(__file__).with_name("recorded")


def pod(phase="Running", role="driver", **status):
    labels = {"spark-role": role}
    return {"metadata": {"name": "p", "uid": "1", "labels": labels}, "status": {"phase": phase, **status}}


def container(role="driver", **state):
    statuses = [{"name": "c", "image": "registry/spark@sha256:00", "state": state}]
    return pod(role=role, phase="Pending" if "waiting" in state else "Failed", containerStatuses=statuses)


def test_pod_that_runs():
    assert hindrance(pod(containerStatuses=[{"name": "c", "image": "i", "state": {"running": {}}}]), "ingest") is None


def test_pod_that_ended_well():
    assert hindrance(container(terminated={"exitCode": 0, "reason": "Completed"}), "ingest") is None


def test_pod_that_no_node_takes():
    recorded = json.loads((RECORDED / "pod_without_node.json").read_text())
    said = hindrance(recorded, "dedup")
    assert said is not None
    assert said.startswith(
        "executor waits waits for a node: 0/3 nodes are available: 1 node(s) didn't match Pod's node"
    )


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_image_that_cannot_be_pulled(reason):
    said = hindrance(container(waiting={"reason": reason, "message": "401\nUnauthorized"}), "ingest")
    assert said == f"driver p cannot pull registry/spark@sha256:00 ({reason}): 401 Unauthorized"


def test_secret_that_is_not_there():
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "tokenlake-object-store" not found'}
    said = hindrance(container(waiting=waiting), "ingest")
    assert said == 'driver p does not start (CreateContainerConfigError): secret "tokenlake-object-store" not found'


def test_container_that_is_being_created_is_no_hindrance():
    assert hindrance(container(waiting={"reason": "ContainerCreating"}), "ingest") is None


def test_volume_that_cannot_be_mounted_is_told_by_an_event():
    events = [
        {"type": kind, "reason": reason, "message": message, "lastTimestamp": at, "involvedObject": {"uid": uid}}
        for kind, reason, message, at, uid in (
            ("Warning", "FailedMount", 'configmap "old" not found', "2026-11-27T01:00:00Z", "1"),
            ("Warning", "FailedMount", 'configmap "tokenlake-pipeline" not found', "2026-11-27T01:01:00Z", "1"),
            ("Normal", "Pulled", "pulled", "2026-11-27T01:02:00Z", "1"),
            ("Warning", "FailedMount", "of another pod", "2026-11-27T01:03:00Z", "2"),
        )
    ]
    said = hindrance(container(waiting={"reason": "ContainerCreating"}), "ingest", events)
    assert said == 'driver p does not start: FailedMount: configmap "tokenlake-pipeline" not found'


@pytest.mark.parametrize("role", ["driver", "executor"])
def test_pod_that_was_killed_for_memory_names_the_key_to_raise(role):
    ended = {"exitCode": 137, "reason": "OOMKilled"}
    said = hindrance(container(role, terminated=ended), "dedup")
    assert said is not None
    assert said.endswith(f"raise jobs.dedup.{role}.memory_overhead")


def test_pod_that_was_killed_otherwise():
    said = hindrance(container(terminated={"exitCode": 137, "reason": "Error"}), "dedup")
    assert said == "driver p was killed (exit status 137): its node went away, or took its memory back"


def test_pod_that_failed():
    said = hindrance(container(terminated={"exitCode": 2, "reason": "Error"}), "dedup")
    assert said == "driver p ended with exit status 2"


def test_pod_that_was_evicted():
    evicted = pod("Failed", reason="Evicted", message="The node was low on resource: ephemeral-storage.")
    assert hindrance(evicted, "dedup") == "driver p was evicted: The node was low on resource: ephemeral-storage."
