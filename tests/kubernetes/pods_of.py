"""The pods that the objects of a site make."""

from collections.abc import Iterator
from typing import NamedTuple

from jobs.kubernetes.pods import Manifest


class Pod(NamedTuple):
    """What an object makes a pod of."""

    owner: str  # Kind/name, and /driver or /executor
    labels: dict[str, str]
    spec: Manifest

    @property
    def containers(self) -> list[Manifest]:
        """Also those that only prepare."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


def pods(manifests: list[Manifest]) -> Iterator[Pod]:
    """One for each kind of pod: of a schedule its driver and its executors."""
    for each in manifests:
        owner = f"{each['kind']}/{each['metadata']['name']}"
        if each["kind"] == "ScheduledSparkApplication":
            for role in ("driver", "executor"):
                template = each["spec"]["template"][role]["template"]
                yield Pod(f"{owner}/{role}", {**template["metadata"]["labels"], "spark-role": role}, template["spec"])
        elif each["kind"] == "CronJob":
            template = each["spec"]["jobTemplate"]["spec"]["template"]
            yield Pod(owner, template["metadata"]["labels"], template["spec"])
        elif "template" in each.get("spec", {}):
            template = each["spec"]["template"]
            yield Pod(owner, template["metadata"]["labels"], template["spec"])
