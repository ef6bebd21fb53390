"""The cluster that KUBECONFIG names, by way of kubectl."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Manifest = dict[str, Any]
T = TypeVar("T")

APPLICATION = "sparkapplications.sparkoperator.k8s.io"
SCHEDULE = "scheduledsparkapplications.sparkoperator.k8s.io"

OURS = "app.kubernetes.io/name=tokenlake"
"""The selector of everything that we install."""

_ENDED = {"COMPLETED", "FAILED"}
_CONTROLLER = "app.kubernetes.io/name=spark-operator,app.kubernetes.io/component=controller"
_FAKE = "kwok"  # nodes of this type accept pods and run nothing


@dataclass(frozen=True)
class Said:
    """What kubectl answered."""

    status: int
    output: str
    error: str


@dataclass(frozen=True)
class RealCluster:
    """One namespace of a cluster."""

    namespace: str

    def ask(self, *arguments: str, standard_input: str | None = None) -> Said:
        """kubectl, whatever it answers."""
        command = ["kubectl", "--namespace", self.namespace, "--request-timeout=60s", *arguments]
        done = subprocess.run(command, input=standard_input, capture_output=True, text=True, check=False)
        return Said(done.returncode, done.stdout, done.stderr)

    def kubectl(self, *arguments: str, standard_input: str | None = None) -> str:
        """What kubectl prints; it must succeed."""
        said = self.ask(*arguments, standard_input=standard_input)
        assert said.status == 0, f"kubectl {' '.join(arguments)}: {said.error}"
        return said.output

    def get(self, kind: str, name: str) -> Manifest | None:
        """One object; None if there is none."""
        text = self.kubectl("get", kind, name, "--ignore-not-found", "--output=json")
        return json.loads(text) if text else None

    def all(self, kind: str, labels: str = "") -> list[Manifest]:
        """The objects of a kind that this selector of labels finds."""
        return json.loads(self.kubectl("get", kind, f"--selector={labels}", "--output=json"))["items"]

    def runs(self, job: str) -> list[Manifest]:
        """The SparkApplications of a job, oldest first."""
        found = [
            each
            for each in self.all(APPLICATION)
            if each["spec"]["driver"]["template"]["metadata"]["labels"]["tokenlake.io/job"] == job
        ]
        return sorted(found, key=lambda each: each["metadata"]["creationTimestamp"])

    def pods(self, application: str, role: str) -> list[Manifest]:
        """The pods of a run: its `driver` or its `executor`s."""
        return self.all("pods", f"spark-role={role},sparkoperator.k8s.io/app-name={application}")

    def wait(self, what: str, find: Callable[[], T | None], minutes: float = 5, pause: float = 2) -> T:
        """What `find` returns, as soon as it returns something."""
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            found = find()
            if found:
                return found
            time.sleep(pause)
        raise TimeoutError(f"{what}: not after {minutes} minutes\n{self.situation()}")

    def wait_for_end(self, application: str, minutes: float = 8) -> Manifest:
        """The application, once it has completed or failed for good."""

        def ended() -> Manifest | None:
            found = self.get(APPLICATION, application)
            return found if found and state(found) in _ENDED else None

        return self.wait(f"the end of {application}", ended, minutes)

    def situation(self) -> str:
        """For the message of a test that failed: what is there, and what happened last."""
        parts = [self.ask("get", f"{SCHEDULE},{APPLICATION},pods", "--output=wide")]
        parts.append(self.ask("get", "events", "--sort-by=.lastTimestamp"))
        drivers = self.ask("get", "pods", "--selector=spark-role=driver", "--output=name").output.split()
        parts += [self.ask("logs", "--tail=30", driver) for driver in drivers]
        return "\n".join(part.output[-4000:] + part.error[-500:] for part in parts)

    def clear(self) -> None:
        """Deletes the schedules and the runs, and waits until their pods are gone."""
        self.kubectl("delete", f"{SCHEDULE},{APPLICATION}", "--all", "--wait=true")
        self.kubectl("delete", "pods", f"--selector={OURS}", "--wait=false")
        self.wait("that no pod is left", lambda: not self.all("pods", OURS))


def state(application: Manifest) -> str:
    """Of a SparkApplication, as the operator calls it; empty while it has not looked."""
    return application.get("status", {}).get("applicationState", {}).get("state", "")


def find() -> RealCluster:
    """The cluster, with the namespace TOKENLAKE_TEST_NAMESPACE or one that the operator looks at.

    Raises:
        RuntimeError: there is no cluster, or no Spark operator in it.
    """
    if not os.environ.get("KUBECONFIG"):
        raise RuntimeError("no cluster is named: make test-k8s KUBECONFIG=…")
    cluster = RealCluster(os.environ.get("TOKENLAKE_TEST_NAMESPACE") or _watched() or "tokenlake-test")
    said = cluster.ask("get", "crd", APPLICATION, SCHEDULE)
    if said.status:
        raise RuntimeError(f"the cluster cannot be used, or has no Spark operator: {said.error}")
    return cluster


def real_nodes(cluster: RealCluster) -> list[Manifest]:
    """The nodes that run pods, if the cluster also has nodes that only pretend to; else none."""
    nodes = cluster.all("nodes")
    real = [node for node in nodes if node["metadata"]["labels"].get("type") != _FAKE]
    return real if len(real) < len(nodes) else []


def _watched() -> str | None:
    """A namespace that the operator's chart was told to look at."""
    bindings = RealCluster("default").ask(
        "get", "rolebindings", "--all-namespaces", f"--selector={_CONTROLLER}", "--output=json"
    )
    items = json.loads(bindings.output)["items"] if bindings.status == 0 else []
    others = {each["metadata"]["namespace"] for each in items} - {
        subject.get("namespace") for each in items for subject in each["subjects"]
    }
    return min(others, default=None)
