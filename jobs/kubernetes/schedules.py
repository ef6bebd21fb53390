"""A ScheduledSparkApplication of a cluster, as commands look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs.kubernetes.applications import ON_DEMAND, ON_DEMAND_LABEL
from jobs.kubernetes.cluster import SCHEDULES, Cluster
from jobs.kubernetes.cluster_errors import ClusterError, ObjectNotFoundError
from jobs.kubernetes.cron import Cron, CronError
from jobs.kubernetes.site import NAME
from jobs.kubernetes.values import JOBS
from pipelines.errors import MisuseError

JOB = "tokenlake.io/job"

_ORDER = (*JOBS, *ON_DEMAND)


class NoScheduleError(MisuseError, LookupError):
    """There is no such schedule."""


@dataclass(frozen=True)
class Schedule:
    """A schedule and what the operator says of it. Times are in UTC."""

    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Of the object."""
        return self.document["metadata"]["name"]

    @property
    def job(self) -> str:
        """What it runs, such as `ingest`."""
        return self.document["metadata"].get("labels", {}).get(JOB, self.name)

    @property
    def is_suspended(self) -> bool:
        """Whether no clock starts it."""
        return bool(self.document["spec"].get("suspend"))

    @property
    def is_on_demand(self) -> bool:
        """Whether it is there for single runs only."""
        return self.document["metadata"].get("labels", {}).get(ON_DEMAND_LABEL) == "true"

    @property
    def template(self) -> Mapping[str, Any]:
        """The spec of its runs."""
        return self.document["spec"]["template"]

    @property
    def arguments(self) -> list[str]:
        """What its runs are called with."""
        return list(self.template.get("arguments") or ())

    @property
    def lake(self) -> str | None:
        """The lake that its runs work on; None if the arguments do not say."""
        arguments = self.arguments
        if "--lake" in arguments[:-1]:
            return arguments[arguments.index("--lake") + 1]
        return arguments[0] if arguments and not arguments[0].startswith("-") else None

    @property
    def cron(self) -> Cron | None:
        """When it fires; None if the operator cannot read it."""
        spec = self.document["spec"]
        try:
            return Cron.parse(spec["schedule"], spec.get("timeZone") or "Local")
        except CronError:
            return None

    @property
    def changed_at(self) -> datetime:
        """When it was made, or somebody changed it last."""
        metadata = self.document["metadata"]
        edits = [
            entry["time"]
            for entry in metadata.get("managedFields", ())
            if entry.get("subresource") != "status" and "time" in entry
        ]
        return max(at for at in map(time_of, [metadata["creationTimestamp"], *edits]) if at)

    @property
    def last_run(self) -> datetime | None:
        """When the operator started a run last."""
        return time_of(self._status.get("lastRun"))

    @property
    def next_run(self) -> datetime | None:
        """When the operator intends to start the next one. It keeps this time when the schedule is edited."""
        return time_of(self._status.get("nextRun"))

    @property
    def fault(self) -> str | None:
        """Why the operator refuses the schedule."""
        if self._status.get("scheduleState") == "FailedValidation":
            return self._status.get("reason") or "the operator refuses the schedule and does not say why"
        return None

    @property
    def _status(self) -> Mapping[str, Any]:
        return self.document.get("status") or {}


def time_of(text: str | None) -> datetime | None:
    """A time of the API."""
    return datetime.fromisoformat(text) if text else None


def schedules(cluster: Cluster) -> list[Schedule]:
    """The schedules of tokenlake in the namespace, in the order of the pipeline.

    Raises:
        NoScheduleError: there are none; the message names the namespaces that have some.
        ClusterError: the cluster cannot be reached, or does not allow it.
    """
    found = [Schedule(each) for each in cluster.find_all(SCHEDULES, NAME)]
    if not found:
        raise NoScheduleError(_none(cluster))
    return sorted(found, key=lambda each: (_order(each.job), each.name))


def choose(found: Sequence[Schedule], name: str) -> Schedule:
    """The schedule of a job, or with this name.

    Raises:
        NoScheduleError: there is none, or several run this job.
    """
    named = [each for each in found if each.name == name] or [each for each in found if each.job == name]
    if len(named) == 1:
        return named[0]
    if named:
        raise NoScheduleError(f"{name}: several schedules run it: {', '.join(each.name for each in named)}; name one")
    raise NoScheduleError(f"{name}: no such job; there are {', '.join(each.job for each in found)}")


def _order(job: str) -> int:
    return _ORDER.index(job) if job in _ORDER else len(_ORDER)


def _none(cluster: Cluster) -> str:
    """Why there are no schedules, and where there are some."""
    here, remedy = f"namespace {cluster.namespace} has no schedules of tokenlake", "name theirs with --namespace"
    install = "kubectl apply -k k8s/overlays/… installs those of a site"
    try:
        others = {each["metadata"]["namespace"] for each in cluster.find_everywhere(SCHEDULES, NAME)}
        cluster.get("namespaces", cluster.namespace)
    except ObjectNotFoundError:
        here = f"there is no namespace {cluster.namespace}"
    except ClusterError:  # may not look elsewhere
        return f"{here}; {remedy}, or {install}"
    return f"{here}; they are in {', '.join(sorted(others))}: {remedy}" if others else f"{here}; {install}"
