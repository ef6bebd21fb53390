"""Figures of scheduled and other Spark applications, from the objects of the Spark operator."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from jobs.metrics import catalogue
from jobs.metrics.kubernetes import Cluster, ClusterError
from jobs.metrics.metric import Sample

_LATE = 60.0  # seconds: the operator starts a run within a few
_JOB = "tokenlake.io/job"


def cluster_figures(cluster: Cluster, namespace: str) -> tuple[list[Sample], str]:
    """Figures of a namespace; where the API server is away, only that, and the reason."""
    try:
        schedules = list(cluster.objects(namespace, "scheduledsparkapplications"))
        applications = list(cluster.objects(namespace, "sparkapplications"))
    except ClusterError as error:
        return catalogue.KUBERNETES_UP(0), str(error)
    return [*catalogue.KUBERNETES_UP(1), *schedule_figures(schedules, applications, time.time())], ""


def schedule_figures(
    schedules: list[Mapping[str, Any]], applications: list[Mapping[str, Any]], now: float
) -> Iterator[Sample]:
    """Figures of ScheduledSparkApplications and SparkApplications; `now` in seconds since the epoch."""
    states = {each["metadata"]["name"]: _state(each) for each in applications}
    for each in sorted(schedules, key=lambda each: str(each["metadata"]["name"])):
        schedule, spec, status = each["metadata"]["name"], each["spec"], each.get("status", {})
        suspended = bool(spec.get("suspend"))
        following = _seconds(status.get("nextRun"))
        missed = not suspended and following is not None and now - following > _LATE
        yield from catalogue.SCHEDULE_LAST_RUN(_seconds(status.get("lastRun")), schedule=schedule)
        yield from catalogue.SCHEDULE_NEXT_RUN(following, schedule=schedule)
        yield from catalogue.SCHEDULE_SUSPENDED(suspended, schedule=schedule)
        yield from catalogue.SCHEDULE_MISSED(missed, schedule=schedule)
        yield from catalogue.SCHEDULE_INVALID("Fail" in status.get("scheduleState", ""), schedule=schedule)
        if last := states.get(status.get("lastRunName", "")):
            yield from catalogue.SCHEDULE_LAST_STATE(1, schedule=schedule, state=last)
    counts = Counter((_job(each), _state(each)) for each in applications)
    for (spark_job, state), count in sorted(counts.items()):
        yield from catalogue.APPLICATIONS(count, spark_job=spark_job, state=state)


def _state(application: Mapping[str, Any]) -> str:
    """As the operator names it: SUBMITTED, RUNNING, COMPLETED, FAILED …; NEW before it has looked at it."""
    return application.get("status", {}).get("applicationState", {}).get("state") or "NEW"


def _job(application: Mapping[str, Any]) -> str:
    labels = application["metadata"].get("labels", {})
    return str(labels.get(_JOB, "unknown"))


def _seconds(time_of: str | None) -> float | None:
    return datetime.fromisoformat(time_of).timestamp() if time_of else None
