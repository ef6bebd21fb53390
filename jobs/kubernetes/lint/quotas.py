"""What a namespace allows: ResourceQuota and LimitRange, where they are among the manifests."""

from collections.abc import Iterator
from fractions import Fraction

from jobs.kubernetes.lint.given import Application, Given
from jobs.kubernetes.lint.node import Document, Node
from jobs.kubernetes.lint.pods import ROLES
from jobs.kubernetes.lint.rule import Family, Fault
from jobs.kubernetes.lint.sizes import executors_at_start, size_of
from jobs.kubernetes.lint.units import quantity, shown

FAMILY = Family("quota")

_NAMES = {"requests.cpu": ("requests.cpu", "cpu"), "requests.memory": ("requests.memory", "memory")}


@FAMILY.rule(
    "exceeded",
    "driver and first executors ask for more than the namespace's quota: the executors never come",
    "fewer or smaller executors, or a larger quota",
)
def exceeded(given: Given) -> Iterator[Fault]:
    """One application alone in its namespace."""
    for application in given.applications:
        asked = _asked(application)
        for quota in _quotas(given, application.document):
            hard = quota.top["spec"]["hard"]
            for resource, amount in asked.items():
                limits = [hard[name] for name in _NAMES.get(resource, (resource,)) if hard[name]]
                for limit in limits[:1]:
                    allowed = quantity(limit.text)
                    if amount is not None and allowed is not None and amount > allowed:
                        yield Fault(
                            application.spec["executor"],
                            f"{_shown(resource, amount)} of {resource} with {executors_at_start(application)} "
                            f"executors, and ResourceQuota {quota.name} allows {limit.text}",
                        )


@FAMILY.rule(
    "unstated",
    "the quota counts limits of CPU, and a pod without one is refused",
    "coreLimit, or a LimitRange with default.cpu",
)
def unstated(given: Given) -> Iterator[Fault]:
    """Of memory Spark always states one."""
    for application in given.applications:
        document = application.document
        counted = any(quota.top["spec"]["hard"]["limits.cpu"] for quota in _quotas(given, document))
        filled = any(item["default"]["cpu"] for item in _ranges(given, document))
        for role in ROLES:
            if counted and not filled and size_of(application, role).cpu_limit is None:
                yield Fault(application.spec[role]["coreLimit"], "missing")


@FAMILY.rule(
    "range",
    "a pod is larger or smaller than the namespace's LimitRange allows, or gets a limit of CPU below its request",
    "a size within the range, or another range",
)
def outside(given: Given) -> Iterator[Fault]:
    """Of containers and pods: a pod of Spark is taken for its one container."""
    for application in given.applications:
        for item in _ranges(given, application.document):
            for role in ROLES:
                for wrong in _outside(application, role, item):
                    yield Fault(application.spec[role], wrong)


def _outside(application: Application, role: str, item: Node) -> Iterator[str]:
    size = size_of(application, role)
    asked = {"cpu": size.cpu, "memory": size.memory}
    limits = {"cpu": size.cpu if size.cpu_limit is None else size.cpu_limit, "memory": size.memory}
    for resource, amount in asked.items():
        most, least = quantity(item["max"][resource].text), quantity(item["min"][resource].text)
        highest = limits[resource]
        if most is not None and highest is not None and highest > most:
            yield f"{_shown(resource, highest)} of {resource}: at most {item['max'][resource].text}"
        if least is not None and amount is not None and amount < least:
            yield f"{_shown(resource, amount)} of {resource}: at least {item['min'][resource].text}"
    default = quantity(item["default"]["cpu"].text)
    if default is not None and size.cpu is not None and size.cpu_limit is None and size.cpu > default:
        yield f"no coreLimit, so it gets {item['default']['cpu'].text}, below its request of {float(size.cpu):g} cores"


def _asked(application: Application) -> dict[str, Fraction | int | None]:
    """By the names that a quota uses. None: unlimited, or a value that nobody can read."""
    count = executors_at_start(application)
    driver, executor = (size_of(application, role) for role in ROLES)
    cpu = None if driver.cpu is None or executor.cpu is None else driver.cpu + count * executor.cpu
    most = (driver.cpu_limit, executor.cpu_limit)
    memory = None if driver.memory is None or executor.memory is None else driver.memory + count * executor.memory
    return {
        "requests.cpu": cpu,
        "limits.cpu": None if most[0] is None or most[1] is None else most[0] + count * most[1],
        "requests.memory": memory,
        "limits.memory": memory,
        "pods": 1 + count,
    }


def _quotas(given: Given, document: Document) -> Iterator[Document]:
    """Those that count every pod of the namespace."""
    for quota in given.beside(document, "ResourceQuota"):
        spec = quota.top["spec"]
        if not spec["scopes"].value and not spec["scopeSelector"]:
            yield quota


def _ranges(given: Given, document: Document) -> Iterator[Node]:
    for found in given.beside(document, "LimitRange"):
        for item in found.top["spec"]["limits"]:
            if item["type"].text in {"Container", "Pod"}:
                yield item


def _shown(resource: str, amount: Fraction | int) -> str:
    return shown(amount) if resource.endswith("memory") else f"{float(amount):g}"
