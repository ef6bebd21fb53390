"""`tokenlake k8s logs`."""

import argparse
from collections.abc import Iterable

from jobs.kubernetes.application_runs import Run, runs
from jobs.kubernetes.cluster import RUNS, Cluster
from jobs.kubernetes.cluster_errors import ClusterError, ObjectNotFoundError
from jobs.kubernetes.driver_log import readable
from jobs.kubernetes.following import Follower
from jobs.kubernetes.hindrances import APPLICATION, DRIVER
from jobs.kubernetes.schedules import choose, schedules
from jobs.progress import Reporter
from pipelines.errors import MisuseError

EXECUTOR = "spark-kubernetes-executor"

_ELSEWHERE = "docs/operations/logs.md says where logs are kept longer than pods"


class NoRunError(MisuseError, LookupError):
    """There is no run to show the log of."""


def logs(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints the log of a run; with --follow, exit status 1 if it fails.

    Raises:
        NoRunError: the job has no run that the cluster still lists.
        ClusterError: the cluster cannot be reached, or does not allow it; the pods are gone.
    """
    cluster = Cluster(arguments.namespace, arguments.context)
    run = _chosen(cluster, arguments.name)
    reporter.event("run", f"{run.name}: {run.state}", run=run.name, state=run.state)
    if arguments.executors:
        return _executors(cluster, run, arguments, reporter)
    if arguments.follow and run.is_active:

        def say(text: str) -> None:
            reporter.event("run", text)

        follower = Follower(cluster, run.name, say, print, as_written=arguments.json)
        return 0 if follower.to_the_end().is_done else 1
    try:
        _print(cluster.logs(run.driver_pod, DRIVER, previous=arguments.previous), arguments.json)
    except ObjectNotFoundError as error:
        raise NoRunError(f"{error}: the driver of {run.name} is gone, or not there yet; {_ELSEWHERE}") from error
    return 1 if arguments.follow and run.is_failed else 0


def _chosen(cluster: Cluster, name: str) -> Run:
    found = cluster.find(RUNS, name)
    if found is not None:
        return Run(found)
    job = choose(schedules(cluster), name).job
    newest = runs(cluster, job)
    if not newest:
        raise NoRunError(f"{job}: the cluster lists no run of it (they go after their time to live); {_ELSEWHERE}")
    return newest[-1]


def _executors(cluster: Cluster, run: Run, arguments: argparse.Namespace, reporter: Reporter) -> int:
    pods = cluster.find_all("pods", {APPLICATION: run.name, "spark-role": "executor"})
    if not pods:
        raise NoRunError(f"{run.name}: no executor is there any more; {_ELSEWHERE}")
    for name in sorted(pod["metadata"]["name"] for pod in pods):
        reporter.event("executor", f"== {name}")
        try:
            _print(cluster.logs(name, EXECUTOR, previous=arguments.previous), arguments.json)
        except ClusterError as error:  # not started yet
            reporter.event("unreadable", f"   cannot be read: {error}")
    return 0


def _print(lines: Iterable[str], as_written: bool) -> None:
    for line in lines if as_written else readable(lines):
        print(line)
