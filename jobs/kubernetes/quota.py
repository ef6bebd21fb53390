"""What a run asks of its namespace, and whether a quota lets it have that."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jobs.kubernetes.cluster import Manifest

_QUANTITY = re.compile(r"([0-9.]+)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_FACTORS = {
    "": 1.0,
    "m": 1e-3,
    **{letter: 1000.0**power for power, letter in enumerate("kMGT", 1)},
    **{f"{letter}i": 1024.0**power for power, letter in enumerate("KMGT", 1)},
}
_SPARK_MEMORY = re.compile(r"([0-9]+)([kmgt]?)b?", re.IGNORECASE)
_LEAST_OVERHEAD = 384 * 1024**2  # of Spark
_PYTHON_OVERHEAD = 0.4  # share of the memory, where an application in Python does not say

VALUES = {
    "requests.cpu": "quota.cpu",
    "limits.cpu": "quota.cpu",
    "requests.memory": "quota.memory",
    "limits.memory": "quota.memory",
    "pods": "quota.pods",
}
"""Figure of a quota -> the key in a site's values that sets it."""

_SAME = {"cpu": "requests.cpu", "memory": "requests.memory", "count/pods": "pods"}

_EXCEEDED = re.compile(
    r"exceeded quota: (?P<quota>[^,\s]+), requested: (?P<asked>[^ ]+), used: (?P<used>[^ ]+), limited: (?P<hard>\S+)"
)


def number(quantity: str) -> float:
    """A quantity of Kubernetes: `500m` is 0.5, `2Gi` is 2147483648.

    Raises:
        ValueError: it is none.
    """
    found = _QUANTITY.fullmatch(quantity)
    if not found:
        raise ValueError(f"{quantity!r} is no quantity")
    return float(found[1]) * _FACTORS[found[2] or ""]


def spark_bytes(memory: str) -> int:
    """Memory as Spark writes it: `512m`; a bare number counts MiB.

    Raises:
        ValueError: it is none.
    """
    found = _SPARK_MEMORY.fullmatch(memory)
    if not found:
        raise ValueError(f"{memory!r} is no size of memory")
    return int(found[1]) * 1024 ** (" kmgt".index(found[2].lower()) if found[2] else 2)


def needed(spec: Mapping[str, Any]) -> dict[str, float]:
    """What the driver and the executors that a run begins with ask for together, by the names that quotas use."""
    executors = _initial(spec)
    asked: dict[str, float] = {"pods": 1 + executors}
    for role, count in ((spec["driver"], 1), (spec["executor"], executors)):
        memory = count * _memory(role, spec)
        cores = count * number(str(role.get("coreRequest") or role.get("cores") or 1))
        for name, value in (("requests.cpu", cores), ("requests.memory", memory), ("limits.memory", memory)):
            asked[name] = asked.get(name, 0) + value
    return asked


def _initial(spec: Mapping[str, Any]) -> int:
    dynamic = spec.get("dynamicAllocation") or {}
    if dynamic.get("enabled"):
        return max(dynamic.get("initialExecutors") or 0, dynamic.get("minExecutors") or 0)
    return spec["executor"].get("instances") or 1


def _memory(role: Mapping[str, Any], spec: Mapping[str, Any]) -> float:
    heap = spark_bytes(role.get("memory") or "1g")
    given = role.get("memoryOverhead")
    factor = float(spec.get("memoryOverheadFactor") or _PYTHON_OVERHEAD)
    return heap + (spark_bytes(given) if given else max(_LEAST_OVERHEAD, factor * heap))


def shortages(spec: Mapping[str, Any], quotas: Sequence[Manifest], job: str, running: bool = False) -> Iterator[str]:
    """Sentences about quotas that are too small for the beginning of a run.

    Args:
        spec: of the SparkApplication.
        quotas: the ResourceQuotas of its namespace.
        job: whose keys in the values the sentences name.
        running: its pods count among those in use already, so only what can never fit is said.
    """
    asked = needed(spec)
    for quota in quotas:
        if quota["spec"].get("scopes") or quota["spec"].get("scopeSelector"):
            continue  # it counts some pods only
        status = quota.get("status") or {}
        hard = {_SAME.get(name, name): text for name, text in (status.get("hard") or quota["spec"]["hard"]).items()}
        used = {_SAME.get(name, name): text for name, text in (status.get("used") or {}).items()}
        for name in filter(hard.__contains__, asked):
            limit, taken = number(hard[name]), number(used.get(name, "0"))
            what = f"the driver and its first executors ask for {shown(name, asked[name])} of {name}"
            if asked[name] > limit:
                yield _too_small(quota["metadata"]["name"], what, name, hard[name], job)
                break
            if not running and asked[name] > limit - taken:
                left = shown(name, max(0.0, limit - taken))
                yield f"{what}; quota {quota['metadata']['name']} has {left} of {hard[name]} left until others end"
                break


def _too_small(quota: str, what: str, name: str, hard: str, job: str) -> str:
    return f"{what}, and quota {quota} allows {hard} in all: {_remedy(name, job)}"


def exceeded(text: str, job: str, role: str = "driver") -> str | None:
    """A sentence for a refusal in a message or a log; None if no quota is the reason.

    Args:
        text: contains the API server's message, `exceeded quota: …`.
        job: whose keys in the values the sentence names.
        role: `driver` or `executor`: whose pod was refused.
    """
    found = _EXCEEDED.search(text)
    if not found:
        return None
    asked, used, hard = (_pairs(found[name]) for name in ("asked", "used", "hard"))
    name = next((each for each in asked if _exceeds(asked[each], used.get(each, "0"), hard.get(each))), min(asked))
    taken = f"{used.get(name, '0')} of {hard.get(name, '?')} are in use"
    who = "a driver" if role == "driver" else "an executor"
    return (
        f"exceeded quota: {found['quota']}: {who} asks for {asked[name]} of {name}, and {taken}: "
        f"{_remedy(name, job, role)}"
    )


def _remedy(name: str, job: str, role: str = "driver") -> str:
    key = VALUES.get(_SAME.get(name, name))
    part = {"quota.memory": "memory", "quota.cpu": "cores"}.get(key or "")
    less = f", or let the job ask for less (jobs.{job}.{role}.{part})" if part else ""
    if key == "quota.pods":
        less = f", or start with fewer executors (jobs.{job}.executor.initial)"
    return f"raise {key or 'the quota'} in the values{less}"


def _exceeds(asked: str, used: str, hard: str | None) -> bool:
    return hard is not None and number(asked) + number(used) > number(hard)


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.rstrip(".,;").split(",") if "=" in pair)


def shown(name: str, value: float) -> str:
    """A figure of a quota in the unit that people write."""
    if not name.endswith("memory"):
        return f"{value:g}"
    for unit, size in (("Gi", 1024.0**3), ("Mi", 1024.0**2)):
        if value >= size:
            return f"{value / size:.4g}{unit}"
    return f"{value:g}"
