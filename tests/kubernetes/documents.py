"""Objects as the API server returns them, for tests without one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.kubernetes.application_runs import Run
from jobs.kubernetes.applications import schedules
from jobs.kubernetes.schedules import Schedule
from jobs.kubernetes.values import Values

NOW = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)


def text(time: datetime) -> str:
    """A time of the API."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def schedule(
    job: str,
    created: datetime = NOW - timedelta(days=30),
    edited: datetime | None = None,
    status: dict[str, Any] | None = None,
    spec: dict[str, Any] | None = None,
    **values: Any,
) -> Schedule:
    """A schedule that the renderer makes of values, with what the API server and the operator add."""
    document = schedules(Values.model_validate(values))[job]
    document["metadata"] |= {"creationTimestamp": text(created), "namespace": "tokenlake"}
    document["metadata"]["managedFields"] = [
        {"manager": "kubectl", "operation": "Apply", "time": text(edited or created)},
        {"manager": "operator", "operation": "Update", "subresource": "status", "time": text(NOW)},
    ]
    document["spec"] |= spec or {}
    document["status"] = status or {}
    return Schedule(document)


def run(
    job: str,
    state: str,
    date: str | None = None,
    began: datetime = NOW - timedelta(hours=1),
    minutes: int = 4,
    by: str | None = None,
    error: str = "",
    name: str | None = None,
    **values: Any,
) -> Run:
    """A SparkApplication of a schedule in a state of the operator."""
    document: dict[str, Any] = {"spec": dict(schedule(job, **values).template)}
    labels = {"app.kubernetes.io/name": "tokenlake", "tokenlake.io/job": job}
    labels |= {"tokenlake.io/date": date} if date else {}
    labels |= {"tokenlake.io/started-by": by} if by else {}
    document["metadata"] = {
        "name": name or f"tokenlake-{job}-{date or 1795741200}-x7k2f",
        "labels": labels,
        "creationTimestamp": text(began),
    }
    document["status"] = {
        "applicationState": {"state": state, **({"errorMessage": error} if error else {})},
        "executionAttempts": 1,
    }
    if state in {"COMPLETED", "FAILED"}:
        document["status"]["terminationTime"] = text(began + timedelta(minutes=minutes))
    return Run(document)
