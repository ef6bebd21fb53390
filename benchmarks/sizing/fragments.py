"""What to set for a plan: keys of the values file of `tokenlake k8s render`, and of the pipeline's configuration."""

import math

import yaml

from benchmarks.sizing.model import Plan

_MIB, _GIB = 2**20, 2**30
_SHUFFLE_BYTES = 200 * _MIB  # of a task that reads a shuffle
_LEAST_PARTITIONS = 200  # Spark's own default

STAGES = ("ingest", "clean", "dedup", "tokenize", "pack")


def shuffle_partitions(plan: Plan) -> int:
    """Partitions of a shuffle, so that a task reads about 200 MiB: a multiple of 100."""
    most = max(plan.shuffled.values())
    return max(_LEAST_PARTITIONS, 100 * math.ceil(most / _SHUFFLE_BYTES / 100))


def scratch_gib(plan: Plan) -> int:
    """Disk of an executor: three times what is expected, for uneven shares and for shuffles of executors that left."""
    return max(50, 50 * math.ceil(3 * plan.local_per_executor / _GIB / 50))


def driver_memory(plan: Plan) -> tuple[str, str]:
    """(heap, everything else): Python holds what the driver collects, the JVM passes it on and plans the queries."""
    python = math.ceil(1.3 * plan.driver_gb + 0.5)
    heap = max(4, python)
    return f"{heap}g", f"{max(2, python)}g"


def values(plan: Plan) -> str:
    """The fragment of the values file, as YAML."""
    executor = {
        "cores": plan.executor.cores,
        "memory": f"{plan.executor.heap_gb:.0f}g",
        "memory_overhead": f"{plan.executor.overhead_gb:.0f}g",
        "min": 1,
        "initial": min(4, plan.executors),
        "max": plan.executors,
        "scratch": f"{scratch_gib(plan)}Gi",
    }
    heap, overhead = driver_memory(plan)
    driver = {"cores": 2, "memory": heap, "memory_overhead": overhead}
    cores = plan.executors * plan.executor.cores + 2
    memory = math.ceil(plan.executors * plan.executor.memory_gb + int(heap[:-1]) + int(overhead[:-1]))
    chosen = {
        "quota": {"cpu": str(cores + 2), "memory": f"{memory + 16}Gi", "pods": plan.executors + 10},
        "spark": {
            "spark.sql.shuffle.partitions": str(shuffle_partitions(plan)),
            "spark.driver.maxResultSize": heap,
        },
        "jobs": {stage: {"driver": driver, "executor": executor} for stage in STAGES},
    }
    return yaml.dump(chosen, Dumper=_Plain, sort_keys=False, default_flow_style=None, width=110)


def pipeline(plan: Plan) -> str:
    """The fragment of the pipeline's configuration, as YAML."""
    ingest = {"split_bytes": plan.split_bytes, "batch_bytes": plan.batch_bytes}
    return yaml.safe_dump({"profile": "large", "ingest": ingest}, sort_keys=False)


class _Plain(yaml.SafeDumper):
    """Writes each driver and executor in full: a fragment is copied in parts."""

    def ignore_aliases(self, data: object) -> bool:
        return True
