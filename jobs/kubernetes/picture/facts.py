"""What a picture tells of a site, found in its manifests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jobs.kubernetes.applications import ON_DEMAND_LABEL
from jobs.kubernetes.pods import Manifest

NO_SECRET = "none"


@dataclass(frozen=True)
class Site:
    """The objects of a site."""

    objects: list[Manifest]

    def of(self, kind: str) -> list[Manifest]:
        """All of a kind."""
        return [each for each in self.objects if each["kind"] == kind]

    def the(self, kind: str) -> Manifest:
        """The only one of a kind."""
        (found,) = self.of(kind)
        return found

    def data(self, name: str) -> dict[str, str]:
        """Content of a ConfigMap."""
        return next(each["data"] for each in self.of("ConfigMap") if each["metadata"]["name"] == name)

    @property
    def scheduled(self) -> list[Manifest]:
        """Schedules with a clock, in the order in which they start."""
        found = [each for each in self.of("ScheduledSparkApplication") if not _on_demand(each)]
        return sorted(found, key=start)

    @property
    def on_demand(self) -> list[Manifest]:
        """Schedules that somebody starts."""
        return [each for each in self.of("ScheduledSparkApplication") if _on_demand(each)]

    @property
    def deployments(self) -> list[Manifest]:
        """What runs all the time, in the order of the names."""
        return sorted(self.of("Deployment"), key=job)

    @property
    def secrets(self) -> list[str]:
        """Names of the Secrets that pods refer to."""
        found = {
            each["secretKeyRef"]["name"] for each in _values_of(self.objects, "valueFrom") if "secretKeyRef" in each
        }
        return sorted(found - {NO_SECRET})

    @property
    def config_maps(self) -> list[str]:
        """Names of the ConfigMaps."""
        return sorted(each["metadata"]["name"] for each in self.of("ConfigMap"))


def job(manifest: Manifest) -> str:
    """Which part of the project an object is: a job, history-server, metrics."""
    return str(manifest["metadata"]["labels"]["app.kubernetes.io/component"])


def start(schedule: Manifest) -> tuple[int, int]:
    """Hour and minute of a daily schedule."""
    minute, hour, *_ = schedule["spec"]["schedule"].split()
    return int(hour), int(minute)


def largest(schedules: Iterable[Manifest]) -> Manifest:
    """The template of the job whose executors have most scratch: what the picture says of all."""
    return max(
        (each["spec"]["template"] for each in schedules), key=lambda each: each["dynamicAllocation"]["maxExecutors"]
    )


def memory(role: Manifest) -> str:
    """What a pod of a driver or an executor asks for: heap and overhead."""
    megabytes = sum(
        int(role[key][:-1]) * (1024 if role[key][-1] == "g" else 1) for key in ("memory", "memoryOverhead")
    )
    return f"{megabytes / 1024:g} GiB"


def scratch(template: Manifest) -> str:
    """Size of the volume for shuffles."""
    volume = next(each for each in template["spec"]["volumes"] if each["name"].startswith("spark-local-dir"))
    if "emptyDir" in volume:
        return str(volume["emptyDir"]["sizeLimit"])
    return str(volume["ephemeral"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"])


def places(template: Manifest, container: int = 0) -> list[str]:
    """Folders that a pod can write, but for scratch."""
    mounts = template["spec"]["containers"][container]["volumeMounts"]
    return [
        each["mountPath"] for each in mounts if not (each.get("readOnly") or each["name"].startswith("spark-local"))
    ]


def nodes(template: Manifest) -> str:
    """On what nodes the pods run."""
    affinity = template["spec"].get("affinity", {}).get("nodeAffinity", {})
    if "requiredDuringSchedulingIgnoredDuringExecution" in affinity:
        return "on demand"
    return "spot preferred" if affinity else "any"


def _on_demand(schedule: Manifest) -> bool:
    return schedule["metadata"]["labels"].get(ON_DEMAND_LABEL) == "true"


def _values_of(value: Any, key: str) -> Iterator[Manifest]:
    """Every mapping that stands under a key, however deep."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        if name == key and isinstance(child, dict):
            yield child
        yield from _values_of(child, key)
