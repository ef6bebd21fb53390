"""What the pods of an application ask for: CPU, memory, and how many executors start."""

import re
from dataclasses import dataclass
from fractions import Fraction

from jobs.kubernetes.lint.given import Application
from jobs.kubernetes.lint.node import Node
from jobs.kubernetes.lint.units import quantity, spark_memory

_LEAST_OVERHEAD = 384 * 2**20
_INSTANCES = "spark.executor.instances"
_SHARE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,9})?")


@dataclass(frozen=True)
class Size:
    """Of one pod's Spark container. None: no limit, or a value that nobody can read."""

    cpu: Fraction | None
    cpu_limit: Fraction | None
    memory: int | None  # bytes; request and limit alike


def size_of(application: Application, role: str) -> Size:
    """The driver's or an executor's."""
    own = application.spec[role]
    cores = application.first(own["cores"], application.conf(f"spark.{role}.cores"))
    request = application.first(own["coreRequest"], application.conf(f"spark.kubernetes.{role}.request.cores"), cores)
    limit = application.first(own["coreLimit"], application.conf(f"spark.kubernetes.{role}.limit.cores"))
    return Size(
        quantity(request.text or cores.text or "1"),
        quantity(limit.text) if limit else None,
        _memory(application, role),
    )


def executors_at_start(application: Application) -> int:
    """As many as are asked for before any task is known."""
    instances = whole(application.first(application.spec["executor"]["instances"], application.conf(_INSTANCES)))
    if not is_dynamic(application):
        return 1 if instances is None else instances
    counts = [whole(bound(application, each)) for each in ("initialExecutors", "minExecutors")]
    return max(0, instances or 0, *(each or 0 for each in counts))


def is_dynamic(application: Application) -> bool:
    """Whether executors come and go with the work."""
    allocation = application.spec["dynamicAllocation"]
    return truth(application.first(allocation["enabled"], application.conf("spark.dynamicAllocation.enabled")))


def bound(application: Application, key: str) -> Node:
    """`minExecutors`, `maxExecutors` or `initialExecutors`."""
    return application.first(
        application.spec["dynamicAllocation"][key], application.conf(f"spark.dynamicAllocation.{key}")
    )


def truth(node: Node) -> bool:
    """Whether the value is true, as a boolean or as Spark writes it."""
    return node.text.lower() == "true"


def whole(node: Node) -> int | None:
    """A whole number, written as a number or as text."""
    return int(node.text) if node.text.isascii() and node.text.isdecimal() and len(node.text) < 10 else None


def _memory(application: Application, role: str) -> int | None:
    own, conf = application.spec[role], application.conf
    heap = spark_memory(application.first(own["memory"], conf(f"spark.{role}.memory")).text or "1g")
    if heap is None:
        return None
    overhead = application.first(own["memoryOverhead"], conf(f"spark.{role}.memoryOverhead"))
    beside = spark_memory(overhead.text) if overhead else max(_LEAST_OVERHEAD, int(heap * _factor(application, role)))
    python = conf("spark.executor.pyspark.memory") if role == "executor" else None
    off_heap = conf("spark.memory.offHeap.size") if truth(conf("spark.memory.offHeap.enabled")) else None
    more = [spark_memory(each.text) for each in (python, off_heap) if each]
    return None if beside is None else heap + beside + sum(each or 0 for each in more)


def _factor(application: Application, role: str) -> float:
    given = application.first(
        application.conf(f"spark.{role}.memoryOverheadFactor"),
        application.spec["memoryOverheadFactor"],
        application.conf("spark.kubernetes.memoryOverheadFactor"),
    )
    default = 0.4 if application.spec["type"].text in {"Python", "R"} else 0.1
    return float(given.text) if _SHARE.fullmatch(given.text) else default
