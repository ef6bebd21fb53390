"""What a namespace forbids before any pod is judged. Only namespaces that are among the manifests are looked at."""

from collections.abc import Iterator

from jobs.kubernetes.lint.given import Given
from jobs.kubernetes.lint.node import Document
from jobs.kubernetes.lint.rule import Family, Fault

FAMILY = Family("namespace")

_ENFORCE = "pod-security.kubernetes.io/enforce"


@FAMILY.rule(
    "network",
    "every pod of the cluster may reach the pods of this namespace, and these may reach everything",
    "a NetworkPolicy with podSelector: {} and policyTypes: [Ingress, Egress], and others that allow what is needed",
)
def network(given: Given) -> Iterator[Fault]:
    """Denied by default, in both directions; by one policy or by two."""
    for namespace in given.of("Namespace"):
        denied: set[str] = set()
        for policy in given.of("NetworkPolicy"):
            if policy.namespace == namespace.name:
                denied |= _denied(policy)
        for direction in ("Ingress", "Egress"):
            if direction not in denied:
                yield Fault(namespace.top["metadata"]["name"], f"{direction} is not denied by default")


def _denied(policy: Document) -> set[str]:
    """The directions that it closes for all pods of its namespace."""
    spec = policy.top["spec"]
    if spec["podSelector"].value != {}:
        return set()
    types = {each.text for each in spec["policyTypes"]} or {"Ingress"} | ({"Egress"} if spec["egress"] else set())
    return {direction for direction in types if not list(spec[direction.lower()])}


@FAMILY.rule(
    "profile",
    "nothing keeps a pod with the rights of root out of this namespace",
    f"the label {_ENFORCE}: restricted",
)
def profile(given: Given) -> Iterator[Fault]:
    """Enforced, not only warned about."""
    for namespace in given.of("Namespace"):
        place = namespace.top["metadata"]["labels"][_ENFORCE]
        if place.text != "restricted":
            yield Fault(place, place.text or "missing")
