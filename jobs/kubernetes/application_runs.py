"""A SparkApplication of a cluster, as commands look at it: one run of a job."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs.kubernetes.cluster import RUNS, Cluster
from jobs.kubernetes.schedules import JOB, time_of
from jobs.kubernetes.site import NAME

DATE = "tokenlake.io/date"
STARTED_BY = "tokenlake.io/started-by"

_ENDED = {"COMPLETED": "done", "FAILED": "failed"}
_STATES = {
    "": "new",
    "SUBMITTED": "submitted",
    "RUNNING": "running",
    "SUCCEEDING": "ending",
    "FAILING": "failing",
    "SUBMISSION_FAILED": "not submitted",
    "PENDING_RERUN": "retrying",
    "INVALIDATING": "restarting",
}


@dataclass(frozen=True)
class Run:
    """A run and what the operator says of it. Times are in UTC."""

    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Of the object."""
        return self.document["metadata"]["name"]

    @property
    def job(self) -> str:
        """What it runs, such as `ingest`."""
        return self._labels.get(JOB, self.name)

    @property
    def date(self) -> str | None:
        """The day that it is of, YYYY-MM-DD."""
        return self._labels.get(DATE)

    @property
    def started_by(self) -> str:
        """`schedule`, `run` or `backfill`."""
        return self._labels.get(STARTED_BY, "schedule")

    @property
    def state(self) -> str:
        """In words: done, failed, running, submitted, not submitted, retrying…"""
        state = self._application.get("state", "")
        return _ENDED.get(state) or _STATES.get(state) or state.lower()

    @property
    def is_done(self) -> bool:
        """Whether it ended well."""
        return self.state == "done"

    @property
    def is_failed(self) -> bool:
        """Whether it ended badly, and is not tried again."""
        return self.state == "failed"

    @property
    def is_active(self) -> bool:
        """Whether it has not ended yet."""
        return not (self.is_done or self.is_failed)

    @property
    def error(self) -> str:
        """The operator's message, as long as it is; empty if there is none."""
        return self._application.get("errorMessage", "")

    @property
    def attempts(self) -> int:
        """How often a driver was started for it."""
        return self._status.get("executionAttempts", 0)

    @property
    def created(self) -> datetime:
        """When it was asked for."""
        created = time_of(self.document["metadata"]["creationTimestamp"])
        assert created is not None
        return created

    @property
    def ended(self) -> datetime | None:
        """When it ended."""
        return None if self.is_active else time_of(self._status.get("terminationTime"))

    @property
    def driver_pod(self) -> str:
        """The name of its driver's pod, which may not be there."""
        return self._status.get("driverInfo", {}).get("podName") or f"{self.name}-driver"

    @property
    def spec(self) -> Mapping[str, Any]:
        """Of the SparkApplication."""
        return self.document["spec"]

    @property
    def executors(self) -> Mapping[str, str]:
        """Pods of executors -> PENDING, RUNNING, COMPLETED, FAILED or UNKNOWN."""
        return self._status.get("executorState") or {}

    @property
    def _labels(self) -> Mapping[str, str]:
        return self.document["metadata"].get("labels", {})

    @property
    def _status(self) -> Mapping[str, Any]:
        return self.document.get("status") or {}

    @property
    def _application(self) -> Mapping[str, Any]:
        return self._status.get("applicationState") or {}


def runs(cluster: Cluster, job: str | None = None) -> list[Run]:
    """The runs of a job, or of all, that the cluster still lists; the oldest first. Errors as `Cluster.find_all`."""
    found = [Run(each) for each in cluster.find_all(RUNS, NAME | ({JOB: job} if job else {}))]
    return sorted(found, key=lambda each: (each.created, each.name))
