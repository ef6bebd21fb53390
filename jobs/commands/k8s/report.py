"""`tokenlake k8s report`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from jobs.kubernetes.cluster import Cluster
from jobs.kubernetes.fetching import fetch, pod
from jobs.kubernetes.schedules import NoScheduleError, schedules
from jobs.kubernetes.stamping import name
from jobs.progress import Reporter
from pipelines.errors import MissingPathError


def report(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Writes the report of the lake to a file, and prints its path.

    Raises:
        FetchError: the lake has no report, or the pod that should read it did not end.
        ClusterError: the cluster cannot be reached, or does not allow it.
        MissingPathError: the folder of the file does not exist.
    """
    target = Path(arguments.output)
    if not target.resolve().parent.is_dir():
        raise MissingPathError(f"{target.parent}: no such folder")
    cluster = Cluster(arguments.namespace, arguments.context)
    found = schedules(cluster)
    schedule = next((each for each in found if each.lake), None)
    if schedule is None or schedule.lake is None:
        raise NoScheduleError("no schedule names a lake")
    made = pod(schedule, name("tokenlake-report", datetime.now(UTC), None), ["report", schedule.lake, "--print"])
    reporter.event("pod", f"pod {made['metadata']['name']} reads the report of {schedule.lake}")
    target.write_bytes(fetch(cluster, made, 60 * arguments.timeout))
    print(target)
    return 0
