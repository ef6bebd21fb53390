"""A namespace of a cluster, reached through `kubectl` with the user's own kubeconfig and credentials."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from jobs import interruption
from jobs.kubernetes.cluster_errors import ClusterError, NoKubectlError, ObjectNotFoundError, explained

Manifest = dict[str, Any]

SCHEDULES = "scheduledsparkapplications.sparkoperator.k8s.io"
RUNS = "sparkapplications.sparkoperator.k8s.io"

_PATIENCE = "30s"


class Cluster:
    """The objects of one namespace.

    Args:
        namespace: None for that of the context.
        context: of the kubeconfig; None for the current one.

    Raises:
        NoKubectlError: kubectl is not installed.
    """

    def __init__(self, namespace: str | None = None, context: str | None = None) -> None:
        program = shutil.which("kubectl")
        if program is None:
            raise NoKubectlError(
                "kubectl reaches the cluster, and is missing: https://kubernetes.io/docs/tasks/tools says how to "
                "install it"
            )
        self._program = [program, *([f"--context={context}"] if context else [])]
        self._named = namespace

    @cached_property
    def namespace(self) -> str:
        """The name of the namespace."""
        if self._named:
            return self._named
        try:
            view = json.loads(self._call("config", "view", "--minify", "--output=json"))
        except ClusterError:  # no kubeconfig; inside a pod, kubectl knows how to do without
            return "default"
        return view["contexts"][0]["context"].get("namespace") or "default"

    def get(self, kind: str, name: str) -> Manifest:
        """One object.

        Raises:
            ObjectNotFoundError: there is none of this name.
            ClusterError: the cluster cannot be reached or does not allow it.
        """
        return json.loads(self._in_namespace("get", kind, name, "--output=json", "--show-managed-fields"))

    def find(self, kind: str, name: str) -> Manifest | None:
        """One object; None when there is none of this name. Errors as `get`."""
        try:
            return self.get(kind, name)
        except ObjectNotFoundError:
            return None

    def find_all(self, kind: str, labels: Mapping[str, str] | None = None) -> list[Manifest]:
        """The objects of a kind that have these labels. A namespace that does not exist has none.

        Raises:
            ClusterError: as `get`.
        """
        selector = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        chosen = [f"--selector={selector}"] if selector else []
        text = self._in_namespace("get", kind, *chosen, "--output=json", "--show-managed-fields")
        return json.loads(text)["items"]

    def find_everywhere(self, kind: str, labels: Mapping[str, str]) -> list[Manifest]:
        """The objects of a kind in all namespaces. Errors as `get`."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        return json.loads(
            self._call("get", kind, "--all-namespaces", f"--selector={selector}", "--output=json", _timeout())
        )["items"]

    def create(self, manifest: Mapping[str, Any]) -> Manifest:
        """Creates an object and returns it as the API server made it. Errors as `get`."""
        text = json.dumps(manifest)
        return json.loads(self._in_namespace("create", "--filename=-", "--output=json", standard_input=text))

    def delete(self, kind: str, name: str) -> None:
        """Deletes an object, if it is there, without waiting for its end. Errors as `get`."""
        self._in_namespace("delete", kind, name, "--ignore-not-found", "--wait=false")

    def logs(self, pod: str, container: str | None = None, *, previous: bool = False, tail: int = -1) -> list[str]:
        """The lines that a container wrote, as far as its node still has them.

        Args:
            pod: its name.
            container: None for the only one.
            previous: of the container before its last restart.
            tail: only so many of the last lines; -1 for all.

        Raises:
            ClusterError: as `get`; also when the container has not started yet.
        """
        return self._in_namespace("logs", *_of(pod, container, previous), f"--tail={tail}").splitlines()

    @contextmanager
    def stream(self, pod: str, container: str | None = None) -> "Iterator[Iterator[str]]":
        """The lines of a container as it writes them, until it ends or the block is left.

        Raises:
            ClusterError: as `logs`, at the end of the lines.
        """
        command = [*self._program, f"--namespace={self.namespace}", "logs", "--follow", *_of(pod, container, False)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            interruption.first(process.kill)
            try:
                yield _lines(process)
            finally:
                process.kill()

    def _in_namespace(self, *arguments: str, standard_input: str | None = None) -> str:
        return self._call(f"--namespace={self.namespace}", _timeout(), *arguments, standard_input=standard_input)

    def _call(self, *arguments: str, standard_input: str | None = None) -> str:
        done = subprocess.run(
            [*self._program, *arguments], input=standard_input, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise explained(done.stderr)
        return done.stdout


def _timeout() -> str:
    return f"--request-timeout={_PATIENCE}"


def _of(pod: str, container: str | None, previous: bool) -> list[str]:
    return [pod, *([f"--container={container}"] if container else []), *(["--previous"] if previous else [])]


def _lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        yield line.rstrip("\n")
    said = process.stderr.read()
    if process.wait():
        raise explained(said)
