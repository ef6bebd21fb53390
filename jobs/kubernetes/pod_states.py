"""Why a pod does not run, or ended badly: one sentence from what the API server says of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from jobs.kubernetes.cluster import Manifest

_PULL = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
_STUCK = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CrashLoopBackOff"}
_KILLED = 137  # 128 + SIGKILL


def role(pod: Manifest) -> str:
    """`driver` or `executor`."""
    return pod["metadata"].get("labels", {}).get("spark-role", "driver")


def hindrance(pod: Manifest, job: str, events: Sequence[Manifest] = ()) -> str | None:
    """What keeps a pod from running or ended it; None if nothing does.

    Args:
        pod: as the API server returns it.
        job: whose keys in the values the sentence names.
        events: of the namespace.
    """
    status = pod.get("status") or {}
    who = f"{role(pod)} {pod['metadata']['name']}"
    if status.get("reason") == "Evicted":
        return f"{who} was evicted: {status.get('message', '')}"
    for container in status.get("containerStatuses") or []:
        state = container.get("state") or {}
        said = _waiting(state.get("waiting"), container) or _terminated(state.get("terminated"), job, role(pod))
        if said:
            return f"{who} {said}"
    if status.get("phase") != "Pending":
        return None
    unscheduled = _unscheduled(status)
    if unscheduled:
        return f"{who} waits for a node: {unscheduled}"
    warned = _last_warning(pod, events)
    return f"{who} does not start: {warned}" if warned else None


def _waiting(waiting: Mapping[str, Any] | None, container: Mapping[str, Any]) -> str | None:
    reason, message = (waiting or {}).get("reason"), (waiting or {}).get("message", "")
    if reason in _PULL:
        return f"cannot pull {container['image']} ({reason}): {_one_line(message)}"
    if reason in _STUCK:
        return f"does not start ({reason}): {_one_line(message)}"
    return None


def _terminated(ended: Mapping[str, Any] | None, job: str, of: str) -> str | None:
    if not ended or not ended.get("exitCode"):
        return None
    code, reason = ended["exitCode"], ended.get("reason", "")
    if reason == "OOMKilled":
        return f"was killed because it used more memory than it may: raise jobs.{job}.{of}.memory_overhead"
    if code == _KILLED:
        return "was killed (exit status 137): its node went away, or took its memory back"
    message = _one_line(ended.get("message", ""))
    return f"ended with exit status {code}" + (f": {message}" if message else "")


def _unscheduled(status: Mapping[str, Any]) -> str | None:
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return _one_line(condition.get("message") or condition.get("reason", ""))
    return None


def _last_warning(pod: Manifest, events: Sequence[Manifest]) -> str | None:
    about = [
        each
        for each in events
        if each.get("type") == "Warning" and each.get("involvedObject", {}).get("uid") == pod["metadata"]["uid"]
    ]
    if not about:
        return None
    newest = max(about, key=lambda each: each.get("lastTimestamp") or each.get("eventTime") or "")
    return f"{newest.get('reason', '')}: {_one_line(newest.get('message', ''))}"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
