"""Names: the operator and Spark derive others from them, of at most 63 characters."""

import re
from collections.abc import Iterator

from jobs.kubernetes.lint.given import Given
from jobs.kubernetes.lint.rule import Family, Fault

FAMILY = Family("names")

_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LONGEST = 63
_TIMESTAMP = 20  # a dash and nanoseconds since 1970: the operator's default


@FAMILY.rule(
    "label",
    "the name is no DNS label, so no service of a run can be made",
    "lower-case letters, digits and dashes, a letter first",
)
def label(given: Given) -> Iterator[Fault]:
    """RFC 1035."""
    for application in given.applications:
        name = application.document.top["metadata"]["name"]
        if not _LABEL.fullmatch(name.text):
            yield Fault(name, f"{name.text!r} is no DNS label" if name else "missing")


@FAMILY.rule(
    "length",
    "the name is too long: a schedule is admitted, and none of its runs can be created",
    "43 characters or fewer for a schedule, whose runs append '-' and 19 digits; 63 for an application",
)
def length(given: Given) -> Iterator[Fault]:
    """The name of a run is a DNS label too."""
    for application in given.applications:
        name = application.document.top["metadata"]["name"]
        limit = _LONGEST - (_TIMESTAMP if application.schedule is not None else 0)
        if len(name.text) > limit:
            yield Fault(name, f"{len(name.text)} characters, and at most {limit} fit")


@FAMILY.rule(
    "driver-pod",
    "the driver's pod has a fixed name: a run finds the pod of the run before it and fails",
    "no name; the operator derives one from the run",
)
def driver_pod(given: Given) -> Iterator[Fault]:
    """Of a schedule; two runs of it may exist."""
    for application, _ in given.schedules:
        for place in (
            application.spec["driver"]["podName"],
            application.conf("spark.kubernetes.driver.pod.name"),
        ):
            if place:
                yield Fault(place, f"every run has the pod {place.text}")


@FAMILY.rule(
    "executor-prefix",
    "executors of all runs have the same names, so those of two runs collide",
    "no spark.kubernetes.executor.podNamePrefix; Spark derives one from the run",
)
def executor_prefix(given: Given) -> Iterator[Fault]:
    """Of a schedule."""
    for application, _ in given.schedules:
        place = application.conf("spark.kubernetes.executor.podNamePrefix")
        if place:
            yield Fault(place, f"every run has executors {place.text}-exec-1, -2, …")
