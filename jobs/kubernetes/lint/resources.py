"""CPU, memory and executors of one application."""

from collections.abc import Iterator

from jobs.kubernetes.lint.given import Application, Given
from jobs.kubernetes.lint.node import Node
from jobs.kubernetes.lint.pods import ROLES, pod_of, pods_of
from jobs.kubernetes.lint.rule import Family, Fault
from jobs.kubernetes.lint.sizes import bound, is_dynamic, size_of, truth, whole
from jobs.kubernetes.lint.units import quantity, shown, spark_memory

FAMILY = Family("resources")


_DECOMMISSION = "spark.decommission.enabled"
_STORAGE = "spark.storage.decommission.enabled"
_SHUFFLE_BLOCKS = "spark.storage.decommission.shuffleBlocks.enabled"
DECOMMISSION = (_DECOMMISSION, _STORAGE, _SHUFFLE_BLOCKS)
"""What an executor needs to hand its shuffle blocks over before its node goes."""


@FAMILY.rule(
    "missing",
    "cores or memory are left out: the pod gets one core, or 1 GiB of heap",
    "cores: 2, memory: 4g, for driver and executor",
)
def missing(given: Given) -> Iterator[Fault]:
    """Of both roles, as a field or as a property."""
    for application in given.applications:
        for role in ROLES:
            for key in ("cores", "memory"):
                place = application.spec[role][key]
                if not place and not application.conf(f"spark.{role}.{key}"):
                    yield Fault(place, "missing")


@FAMILY.rule(
    "unit",
    "Spark does not know the units of Kubernetes (2Gi), nor fractions, and Kubernetes not those of Spark (2g)",
    "memory as 2g or 512m, CPU as 2 or 500m",
)
def unit(given: Given) -> Iterator[Fault]:
    """Of the fields that are numbers with units."""
    for application in given.applications:
        for role in ROLES:
            own = application.spec[role]
            for key in ("memory", "memoryOverhead"):
                if own[key] and spark_memory(own[key].text) is None:
                    yield Fault(own[key], f"{own[key].text!r} is no memory size of Spark")
            for key in ("coreRequest", "coreLimit"):
                if own[key] and quantity(own[key].text) is None:
                    yield Fault(own[key], f"{own[key].text!r} is no quantity of Kubernetes")


@FAMILY.rule(
    "limit",
    "more is requested than the limit allows: the API server refuses the pod, not the manifest of the application",
    "a limit at or above the request, or none",
)
def limit(given: Given) -> Iterator[Fault]:
    """Of Spark's containers by the application's fields; of every other container by its own."""
    for application in given.applications:
        for role in ROLES:
            yield from _spark_limits(application, role)
            for container in pod_of(application, role).containers[1:]:
                yield from _limits(container.spec)
    for document in given.documents:
        for pod in pods_of(document):
            for container in pod.containers:
                yield from _limits(container.spec)


def _spark_limits(application: Application, role: str) -> Iterator[Fault]:
    own, size = application.spec[role], size_of(application, role)
    if size.cpu is not None and size.cpu_limit is not None and size.cpu > size.cpu_limit:
        yield Fault(own["coreLimit"], f"{float(size.cpu_limit):g} cores, and {float(size.cpu):g} are requested")
    memory = spark_memory(own["memoryLimit"].text)
    if memory is not None and size.memory is not None and memory < size.memory:
        yield Fault(own["memoryLimit"], f"{shown(memory)}, and heap and overhead are {shown(size.memory)}")


def _limits(container: Node) -> Iterator[Fault]:
    for name, request in container["resources"]["requests"].entries():
        most = container["resources"]["limits"][name]
        asked, allowed = quantity(request.text), quantity(most.text)
        if asked is not None and allowed is not None and asked > allowed:
            yield Fault(most, f"{most.text}, and {request.text} is requested")


@FAMILY.rule(
    "overhead",
    "Python's memory is limited on its own, and the overhead still counts it too: 0.4 of the heap by default",
    "executor.memoryOverhead: what the JVM needs beside its heap, such as 1g",
)
def overhead(given: Given) -> Iterator[Fault]:
    """Where spark.executor.pyspark.memory is set."""
    for application in given.applications:
        executor = application.spec["executor"]
        stated = (
            executor["memoryOverhead"],
            application.spec["memoryOverheadFactor"],
            application.conf("spark.executor.memoryOverhead"),
            application.conf("spark.executor.memoryOverheadFactor"),
        )
        if application.conf("spark.executor.pyspark.memory") and not any(stated):
            yield Fault(executor["memoryOverhead"], "missing")


@FAMILY.rule(
    "executors",
    "no number of executors is given, so there is one, or it is 0",
    "executor.instances: 1 or more, or dynamicAllocation",
)
def executors(given: Given) -> Iterator[Fault]:
    """Without dynamic allocation."""
    for application in given.applications:
        if is_dynamic(application):
            continue
        place = application.spec["executor"]["instances"]
        count = application.first(place, application.conf("spark.executor.instances"))
        if not count or whole(count) == 0:
            yield Fault(count, f"{count.text} executors" if count else "missing")


@FAMILY.rule(
    "allocation",
    "the bounds of dynamic allocation contradict each other, or there is no upper one",
    "minExecutors <= initialExecutors <= maxExecutors",
)
def allocation(given: Given) -> Iterator[Fault]:
    """With dynamic allocation."""
    for application in given.applications:
        if not is_dynamic(application):
            continue
        low, start, high = (bound(application, key) for key in ("minExecutors", "initialExecutors", "maxExecutors"))
        least, most = whole(low) or 0, whole(high)
        if most is None:
            yield Fault(high, f"{high.text!r} is no number" if high else "missing: as many executors as tasks")
        elif least > most:
            yield Fault(low, f"minExecutors {least} is above maxExecutors {most}")
        elif start and not least <= (whole(start) or 0) <= most:
            yield Fault(start, f"initialExecutors {start.text} is not between {least} and {most}")


@FAMILY.rule(
    "shuffle",
    "Spark refuses to start: executors come and go, and nothing keeps track of the shuffle files on them",
    "dynamicAllocation.shuffleTrackingEnabled: true",
)
def shuffle(given: Given) -> Iterator[Fault]:
    """Unless an external service, other storage or decommissioning keeps the files."""
    for application in given.applications:
        conf = application.conf
        tracking = application.first(
            application.spec["dynamicAllocation"]["shuffleTrackingEnabled"],
            conf("spark.dynamicAllocation.shuffleTracking.enabled"),
        )
        kept = (
            truth(conf("spark.shuffle.service.enabled")),
            bool(conf("spark.shuffle.manager")),
            bool(conf("spark.shuffle.sort.io.plugin.class")),
            all(truth(conf(key)) for key in (_DECOMMISSION, _SHUFFLE_BLOCKS)),
        )
        if is_dynamic(application) and tracking.text.lower() == "false" and not any(kept):
            yield Fault(tracking, "false, and there is no external shuffle service")
