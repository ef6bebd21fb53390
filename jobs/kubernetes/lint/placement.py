"""Where pods run, and what may take them away: a driver that goes takes its run along."""

from collections.abc import Iterator

from jobs.kubernetes.lint.given import Given
from jobs.kubernetes.lint.pods import ROLES, pod_of
from jobs.kubernetes.lint.resources import DECOMMISSION
from jobs.kubernetes.lint.rule import Family, Fault
from jobs.kubernetes.lint.sizes import truth
from jobs.kubernetes.lint.spot import keeps_off, spot_places

FAMILY = Family("placement")

_KEEP = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
    "karpenter.sh/do-not-evict": "true",
}


@FAMILY.rule(
    "driver-spot",
    "the driver may run on a node that the cloud takes back, and a run is lost with its driver",
    "no such toleration, selector or affinity on the driver; executors may have them",
)
def driver_spot(given: Given) -> Iterator[Fault]:
    """Unless something keeps it off such nodes."""
    for application in given.applications:
        pod = pod_of(application, "driver")
        if not keeps_off(pod):
            yield from (Fault(place, what) for place, what in spot_places(pod))


@FAMILY.rule(
    "driver-eviction",
    "an autoscaler may move the driver to empty its node, and the run starts again",
    'annotations of the driver: cluster-autoscaler.kubernetes.io/safe-to-evict: "false", '
    'karpenter.sh/do-not-disrupt: "true"',
)
def driver_eviction(given: Given) -> Iterator[Fault]:
    """One of the annotations is enough: a cluster has one autoscaler."""
    for application in given.applications:
        pod = pod_of(application, "driver")
        if not any(_KEEP.get(key) == place.text for key, place in pod.annotations):
            own = application.spec["driver"]
            place = own["template"]["metadata"] if own["template"] else own
            yield Fault(place["annotations"], "no annotation keeps the driver")


@FAMILY.rule(
    "driver-priority",
    "a pod of higher priority pushes the driver out when the cluster is full",
    "priorityClassName of the driver: a PriorityClass above that of the executors",
)
def driver_priority(given: Given) -> Iterator[Fault]:
    """Missing."""
    for application in given.applications:
        place = pod_of(application, "driver").priority_class
        if not place.text:
            yield Fault(place, "missing")


@FAMILY.rule(
    "priority-order",
    "executors of one run push out the driver of another",
    "a value of the driver's PriorityClass above the executors'",
)
def priority_order(given: Given) -> Iterator[Fault]:
    """Where both classes are among the manifests."""
    values = {each.name: each.top["value"].number for each in given.of("PriorityClass")}
    for application in given.applications:
        driver, executor = (pod_of(application, role).priority_class for role in ROLES)
        low, high = values.get(driver.text), values.get(executor.text)
        if low is not None and high is not None and low < high:
            yield Fault(driver, f"{driver.text} is {low:g}, and {executor.text} of the executors is {high:g}")


@FAMILY.rule(
    "selectors",
    "the operator's webhook refuses a nodeSelector of the application beside one of a role",
    "one for each role",
)
def selectors(given: Given) -> Iterator[Fault]:
    """Of the plain fields."""
    for application in given.applications:
        place = application.spec["nodeSelector"]
        if place and any(application.spec[role]["nodeSelector"] for role in ROLES):
            yield Fault(place, "driver or executor has one too")


@FAMILY.rule(
    "decommission",
    "executors may be taken away, and do not hand their shuffle blocks over: stages are computed again",
    ", ".join(f"{key}: 'true'" for key in DECOMMISSION),
)
def decommission(given: Given) -> Iterator[Fault]:
    """Where executors may run on spot nodes."""
    for application in given.applications:
        pod = pod_of(application, "executor")
        if keeps_off(pod) or not any(True for _ in spot_places(pod)):
            continue
        for key in DECOMMISSION:
            place = application.conf(key)
            if not truth(place):
                yield Fault(place, place.text or "missing")
