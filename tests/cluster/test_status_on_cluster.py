"""What `tokenlake k8s` says of schedules, and of users who may not do what they ask for."""

import json
import os
import shlex
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from commands import tokenlake

from jobs.kubernetes.applications import ON_DEMAND
from jobs.kubernetes.schedules import Schedule
from jobs.kubernetes.stamping import stamp
from jobs.kubernetes.values import JOBS


@pytest.fixture(scope="module")
def installed(site):
    """The site, whose schedules are in the cluster."""
    site.install()
    return site


def status_of_pack(cluster):
    """The entry of one job that nobody has started."""
    text = tokenlake("k8s", "status", "pack", "--json", "--no-lake", "--namespace", cluster.namespace).output
    (entry,) = json.loads(text)["jobs"]
    return entry


def test_time_that_the_operator_kept_from_before_an_edit_is_noticed_and_can_be_corrected(installed, cluster):
    kept = cluster.wait(
        "the operator to look at the schedule",
        lambda: cluster.get("scheduledsparkapplication", "tokenlake-pack").get("status", {}).get("nextRun"),
    )
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    cron = f"{tomorrow:%M %H} * * *"
    patch = json.dumps({"spec": {"schedule": cron}})
    cluster.kubectl("patch", "scheduledsparkapplication", "tokenlake-pack", "--type=merge", f"--patch={patch}")
    entry = status_of_pack(cluster)
    assert datetime.fromisoformat(entry["next_run"]) == tomorrow.replace(second=0, microsecond=0)
    (problem,) = entry["problems"]
    assert f"the operator means to start it at {kept[:10]}" in problem
    program, *words = shlex.split(problem.partition("To correct it: ")[2])
    assert program == "kubectl"
    cluster.kubectl(*words)
    cluster.wait("that the operator has the new time", lambda: not status_of_pack(cluster)["problems"], minutes=1)


def test_api_server_accepts_a_run_of_every_job(installed, cluster):
    items = [
        stamp(Schedule(each), datetime.now(UTC), "run", extra=["tables", installed.lake])
        for each in cluster.list("scheduledsparkapplications")
    ]
    manifests = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    said = cluster.kubectl(
        "create", "--dry-run=server", "--validate=strict", "--filename=-", "--output=name", standard_input=manifests
    )
    assert len(said.split()) == len(JOBS) + len(ON_DEMAND)


def test_user_who_may_not_is_told_the_verb_and_the_resource(installed, cluster, tmp_path):
    config = yaml.safe_load(cluster.kubectl("config", "view", "--raw", "--minify"))
    config["users"][0]["user"]["as"] = "jane"
    other = tmp_path / "kubeconfig"
    other.write_text(yaml.safe_dump(config))
    done = tokenlake(
        "k8s", "run", "clean", "--namespace", cluster.namespace, environment={**os.environ, "KUBECONFIG": str(other)}
    )
    assert done.status == 2
    assert "jane may not list scheduledsparkapplications.sparkoperator.k8s.io" in done.said


def test_namespace_without_schedules_is_told_where_they_are(installed, cluster):
    done = tokenlake("k8s", "status", "--namespace", "default")
    assert done.status == 2
    assert f"namespace default has no schedules of tokenlake; they are in {cluster.namespace}" in done.said


def test_namespace_that_is_not_there(installed):
    done = tokenlake("k8s", "status", "--namespace", "tokenlake-nowhere")
    assert done.status == 2
    assert "there is no namespace tokenlake-nowhere" in done.said
