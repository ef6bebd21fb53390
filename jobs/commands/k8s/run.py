"""`tokenlake k8s run`."""

import argparse
import time
from datetime import UTC, datetime

import yaml

from jobs.dates import day
from jobs.kubernetes import quota
from jobs.kubernetes.application_runs import Run, runs
from jobs.kubernetes.cluster import Cluster, Manifest
from jobs.kubernetes.cluster_errors import ClusterError
from jobs.kubernetes.following import Follower
from jobs.kubernetes.schedules import Schedule, choose, schedules
from jobs.kubernetes.stamping import stamp
from jobs.progress import Reporter


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Starts one run of a job, and follows it if asked to; exit status 1 if it then fails.

    Raises:
        MisuseError: there is no such job, or it does not know of days.
        ClusterError: the cluster cannot be reached, or does not allow it.
        StillAtWorkError: the run has not ended within --timeout.
    """
    cluster = Cluster(arguments.namespace, arguments.context)
    schedule = choose(schedules(cluster), arguments.job)
    of = day(arguments.date) if arguments.date else None
    manifest = stamp(schedule, datetime.now(UTC), "run", of, arguments.extra)
    if arguments.dry_run:
        print(yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True), end="")
        return 0
    _notes(cluster, schedule, manifest, reporter)
    name = cluster.create(manifest)["metadata"]["name"]
    reporter.event("created", f"created {name} in namespace {cluster.namespace}", run=name)
    if not (arguments.follow or arguments.wait):
        here = f"-n {cluster.namespace}"
        reporter.event("hint", f"follow it with: tokenlake k8s logs {name} {here} --follow")
        return 0
    until = time.monotonic() + 60 * arguments.timeout if arguments.timeout else None

    def say(text: str) -> None:
        reporter.event("run", text)

    follower = Follower(cluster, name, say, print if arguments.follow else None, until)
    return 0 if follower.to_the_end().is_done else 1


def _notes(cluster: Cluster, schedule: Schedule, manifest: Manifest, reporter: Reporter) -> None:
    """Says what will make the run wait."""
    active = [each for each in runs(cluster) if each.is_active and schedule.lake and _lake(each) == schedule.lake]
    if active:
        names = ", ".join(f"{each.name} ({each.state})" for each in active)
        reporter.event("note", f"note: at work on the same lake: {names}; this run waits for its turn")
    try:
        quotas = cluster.find_all("resourcequotas")
    except ClusterError:  # may not look at them
        return
    for said in quota.shortages(manifest["spec"], quotas, schedule.job):
        reporter.event("note", f"note: {said}")


def _lake(run: Run) -> str | None:
    return Schedule({"metadata": {}, "spec": {"template": run.spec}}).lake
