"""The pods that a schedule describes."""

import copy
from collections.abc import Iterator
from typing import Any

Manifest = dict[str, Any]


def pods_of(schedule: Manifest) -> Iterator[Manifest]:
    """The driver and an executor, without what Spark adds to a pod but its image."""
    spec = schedule["spec"]["template"]
    for role in ("driver", "executor"):
        template = copy.deepcopy(spec[role]["template"])
        template["spec"]["containers"][0]["image"] = spec["image"]
        metadata = {**template["metadata"], "name": f"{schedule['metadata']['name']}-{role}"}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
