"""A file that only pods of the cluster can read, brought here through the API server.

A pod of the image of the jobs runs a command that prints the file; its log is what `kubectl logs` returns. The pod is
made like a driver, so it has the driver's rights, settings and secrets, and needs neither Spark nor the operator.
"""

import base64
import binascii
import copy
import gzip
import hashlib
import time
from collections.abc import Sequence

from jobs.kubernetes import pod_states
from jobs.kubernetes.cluster import Cluster, Manifest
from jobs.kubernetes.hindrances import DRIVER
from jobs.kubernetes.schedules import Schedule
from pipelines.errors import TokenlakeError

BEGIN = "-----BEGIN TOKENLAKE FILE-----"
END = "-----END TOKENLAKE FILE"  # and the digest
TOKENLAKE = "/opt/tokenlake/bin/tokenlake"

_FAILED = "tokenlake: error: "
_PAUSE = 1.0
_WIDTH = 1000  # characters of a line; runtimes of containers split those of more than 16 KiB


class FetchError(TokenlakeError, RuntimeError):
    """The pod did not print the file."""


def printed(content: bytes) -> str:
    """A file between two lines that nothing else in a log looks like: compressed, in base64, with its digest."""
    text = base64.b64encode(gzip.compress(content, mtime=0)).decode()
    lines = [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]
    return "\n".join([BEGIN, *lines, f"{END} {hashlib.sha256(content).hexdigest()}-----"])


def read_back(log: Sequence[str]) -> bytes:
    """The file that a log holds.

    Raises:
        FetchError: there is none, or it is not whole.
    """
    lines = [line.strip() for line in log]
    last = next((at for at, line in enumerate(lines) if line.startswith(END)), None)
    if BEGIN not in lines or last is None:
        raise FetchError(_why_none([line for line in lines if line]))
    try:
        content = gzip.decompress(base64.b64decode("".join(lines[lines.index(BEGIN) + 1 : last]), validate=True))
    except (binascii.Error, OSError, EOFError) as error:
        raise FetchError(f"the log of the pod is not whole ({error}); try again") from error
    if hashlib.sha256(content).hexdigest() not in lines[last]:
        raise FetchError("the log of the pod is not whole: the file's digest is another; try again")
    return content


def _why_none(lines: Sequence[str]) -> str:
    failure = next((line for line in lines if line.startswith(_FAILED)), None)
    if failure:
        return failure.removeprefix(_FAILED)
    return f"the pod printed no file; it said: {' '.join(lines)[-500:] or 'nothing'}"


def pod(schedule: Schedule, name: str, arguments: Sequence[str]) -> Manifest:
    """A pod like the drivers of a schedule that runs a command of tokenlake, once."""
    template = copy.deepcopy(schedule.template["driver"]["template"])
    spec = template["spec"]
    container = next(each for each in spec["containers"] if each["name"] == DRIVER)
    container |= {
        "image": schedule.template["image"],
        "imagePullPolicy": schedule.template.get("imagePullPolicy", "IfNotPresent"),
        "args": [TOKENLAKE, *arguments],
        "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
    }
    pull = schedule.template.get("imagePullSecrets")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": template.get("metadata", {}).get("labels", {})},
        "spec": {
            **spec,
            "containers": [container],
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "activeDeadlineSeconds": 600,
            **({"imagePullSecrets": [{"name": each} for each in pull]} if pull else {}),
        },
    }


def fetch(cluster: Cluster, made: Manifest, seconds: float) -> bytes:
    """Runs a pod to its end, and returns the file that it printed. The pod is deleted, whatever happens.

    Raises:
        FetchError: it did not print one in time; the message says what it printed, or why it did not start.
        ClusterError: the cluster refuses the pod.
    """
    name = made["metadata"]["name"]
    cluster.create(made)
    try:
        _await(cluster, name, seconds)
        return read_back(cluster.logs(name, DRIVER))
    finally:
        cluster.delete("pods", name)


def _await(cluster: Cluster, name: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while True:
        found = cluster.get("pods", name)
        if found["status"].get("phase") in {"Succeeded", "Failed"}:
            return
        if time.monotonic() >= until:
            why = pod_states.hindrance(found, "command", cluster.find_all("events"))
            raise FetchError(f"pod {name} did not end in {seconds:.0f} s: {why or found['status'].get('phase')}")
        time.sleep(_PAUSE)
