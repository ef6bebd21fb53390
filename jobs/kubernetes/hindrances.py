"""What keeps a run from going on, or ended it, in sentences that say what to do."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.failures import without_frames
from jobs.kubernetes import pod_states, quota
from jobs.kubernetes.application_runs import Run
from jobs.kubernetes.cluster import Cluster, Manifest
from jobs.kubernetes.cluster_errors import ClusterError
from jobs.kubernetes.site import NAME

APPLICATION = "sparkoperator.k8s.io/app-name"
DRIVER = "spark-kubernetes-driver"

_SOON = timedelta(seconds=45)  # in which the operator looks at a new run
_UNSEEN = (
    "the operator has not looked at it: see whether it runs, and whether it watches namespace {namespace} "
    "(spark.jobNamespaces of its chart)"
)
_LOOKED_AT = 400  # lines of a driver's log
_POLICY = re.compile(r'violates PodSecurity "[^"]+": (.+?)(?:\. Received|$)', re.MULTILINE)
_REFUSED = re.compile(r"Message: (.+?)(?:\. Received status|$)", re.MULTILINE)
_EXCEPTION = re.compile(r"^(?:Caused by: |Exception in thread \"[^\"]*\" )((?:[\w$]+\.)+\w+(?:: .+)?)$", re.MULTILINE)
_NOISE = re.compile(
    r"^\d\d/\d\d/\d\d [\d:]+ (INFO|WARN|DEBUG) |Using Spark's default log4j|WARNING: Using incubator|"
    r"^io\.vertx\.\S*: Thread blocked|\.\.\. omitting \d+ bytes|^\S*\)$"
)
_MEMORY = re.compile(r"executor with id (\d+) exited with exit code 137|OOMKilled")


@dataclass(frozen=True)
class Surroundings:
    """What a namespace has besides runs. Fields are empty where the user may not look."""

    pods: Sequence[Manifest] = ()
    events: Sequence[Manifest] = ()
    quotas: Sequence[Manifest] = ()

    def pods_of(self, run: Run) -> list[Manifest]:
        """The pods of a run."""
        return [each for each in self.pods if each["metadata"].get("labels", {}).get(APPLICATION) == run.name]


def look(cluster: Cluster) -> Surroundings:
    """The pods, events and quotas of a namespace, as far as the user may see them."""

    def allowed(kind: str, labels: dict[str, str] | None = None) -> list[Manifest]:
        try:
            return cluster.find_all(kind, labels)
        except ClusterError:
            return []

    return Surroundings(allowed("pods", NAME), allowed("events"), allowed("resourcequotas"))


def driver_log(cluster: Cluster, run: Run) -> list[str]:
    """The last lines of a driver; none if there is no driver, or the user may not read them."""
    try:
        return cluster.logs(run.driver_pod, DRIVER, tail=_LOOKED_AT)
    except ClusterError:
        return []


def hindrances(run: Run, around: Surroundings, now: datetime, log: Sequence[str] = ()) -> list[str]:
    """What keeps a run from going on, or ended it.

    Args:
        run: active or failed; of one that is done, nothing is said.
        around: the pods, events and quotas of its namespace.
        now: in UTC.
        log: the last lines of its driver.
    """
    if run.is_done:
        return []
    found = list(dict.fromkeys(_found(run, around, log)))
    if not found and run.state == "new" and now - run.created > _SOON:
        return [_UNSEEN.format(namespace=run.document["metadata"].get("namespace"))]
    return found


def _found(run: Run, around: Surroundings, log: Sequence[str]) -> Iterator[str]:
    pods = around.pods_of(run)
    of_pods = [said for pod in pods if (said := pod_states.hindrance(pod, run.job, around.events))]
    refused = quota.exceeded(run.error, run.job)
    if run.error and not (of_pods and "driver container failed" in run.error):
        yield refused or cause(run.error)
    yield from of_pods
    if run.is_active:
        if not refused:
            yield from quota.shortages(run.spec, around.quotas, run.job, running=bool(pods))
        yield from _in_log(run, log)


def _in_log(run: Run, log: Sequence[str]) -> Iterator[str]:
    """What only the driver sees: executors are its own, so no event tells of those that could not be made."""
    for line in reversed(log):
        refused = quota.exceeded(line, run.job, "executor")
        if refused:
            yield refused
            break
    killed = [found for line in log if (found := _MEMORY.search(line))]
    if killed:
        yield (
            f"{len(killed)} executors were killed because they used more memory than they may: "
            f"raise jobs.{run.job}.executor.memory_overhead"
        )


def cause(message: str) -> str:
    """The operator's message, which may hold a whole stack trace, in one sentence."""
    if found := _POLICY.search(message):
        return f"Pod Security refuses a pod: {found[1]}"
    if found := _REFUSED.search(message):
        return f"the API server refuses: {found[1]}"
    exceptions = _EXCEPTION.findall(message)
    telling = exceptions or [line for line in without_frames(message.splitlines()) if not _NOISE.search(line)]
    said = telling[-1] if telling else "spark-submit failed and does not say why; see the log of the operator"
    return " ".join(said.split())[:400]
