"""Whether a pod may run on nodes that the cloud takes back: spot, preemptible."""

import re
from collections.abc import Iterator

from jobs.kubernetes.lint.node import Node
from jobs.kubernetes.lint.pods import Pod

_WORD = re.compile(r"(?i)(^|[^a-z])(spot|preemptible|preemptable)([^a-z]|$)")
_KINDS = frozenset(
    ("karpenter.sh/capacity-type", "eks.amazonaws.com/capacityType", "kubernetes.azure.com/scalesetpriority")
)
_ON_DEMAND = re.compile(r"(?i)on[-_]?demand|regular")


def spot_places(pod: Pod) -> Iterator[tuple[Node, str]]:
    """Each place that lets or sends the pod there, with what it says."""
    for each in pod.tolerations:
        key, everything = each["key"].text, not each["key"].text and each["operator"].text == "Exists"
        if everything:
            yield each, "tolerates every taint"
        elif _is_spot(key, each["value"].text):
            yield each, f"tolerates {key}"
    for key, place in pod.selectors:
        if _is_spot(key, place.text):
            yield place, f"selects {key}: {place.text}"
    for term in _terms(pod):
        key, values = term["key"].text, [value.text for value in term["values"]]
        wanted = term["operator"].text == "In" and any(_is_spot(key, value) for value in values)
        if wanted or (term["operator"].text == "Exists" and _is_spot(key, "true")):
            yield term, f"prefers or needs {key} {', '.join(values)}"


def keeps_off(pod: Pod) -> bool:
    """Whether something keeps the pod off such nodes, whatever it tolerates."""
    if any(
        _ON_DEMAND.search(place.text) or (_WORD.search(key) and place.text == "false") for key, place in pod.selectors
    ):
        return True
    for term in _terms(pod, required_only=True):
        key, operator = term["key"].text, term["operator"].text
        values = [value.text for value in term["values"]]
        if operator in {"NotIn", "DoesNotExist"} and any(_is_spot(key, value) for value in [*values, "true"]):
            return True
        if operator == "In" and values and all(_ON_DEMAND.search(value) for value in values):
            return True
    return False


def _is_spot(key: str, value: str) -> bool:
    """By a known label, or by the word; the value may switch it off."""
    if value.lower() in {"false", "no"}:
        return False
    if key in _KINDS:
        return value == "" or bool(_WORD.search(value))
    return bool(_WORD.search(key) or _WORD.search(value))


def _terms(pod: Pod, required_only: bool = False) -> Iterator[Node]:
    for affinity in pod.affinities:
        node = affinity["nodeAffinity"]
        for group in node["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]:
            yield from group["matchExpressions"]
        if not required_only:
            for group in node["preferredDuringSchedulingIgnoredDuringExecution"]:
                yield from group["preference"]["matchExpressions"]
