"""Volumes of Spark's pods: what is mounted, and what has to be writable."""

from collections.abc import Iterator

from jobs.kubernetes.lint.given import Given
from jobs.kubernetes.lint.pod_security import all_pods
from jobs.kubernetes.lint.pods import ROLES, Pod, pod_of
from jobs.kubernetes.lint.rule import Family, Fault

FAMILY = Family("mount")

_LOCAL = "spark-local-dir-"
_LOCAL_KINDS = ("emptyDir", "hostPath", "nfs", "persistentVolumeClaim")


@FAMILY.rule(
    "unknown",
    "a volume is mounted that does not exist: the webhook leaves the mount out, or the pod is refused",
    "the volume's name, or a volume of that name",
)
def unknown(given: Given) -> Iterator[Fault]:
    """By name; a StatefulSet's claims count."""
    for pod in all_pods(given):
        known = {volume["name"].text for volume in pod.volumes} | _claims(pod)
        for container in pod.containers:
            for mount in container.mounts:
                if mount["name"].text not in known:
                    yield Fault(mount, f"{pod.title}: there is no volume {mount['name'].text}")


def _claims(pod: Pod) -> set[str]:
    templates = pod.spec.document.top["spec"]["volumeClaimTemplates"]
    return {each["metadata"]["name"].text for each in templates}


@FAMILY.rule(
    "temporary",
    "the root file system is read-only and /tmp with it, where the JVM and Spark write: the pod fails at once",
    "an emptyDir mounted at /tmp",
)
def temporary(given: Given) -> Iterator[Fault]:
    """Of Spark's containers."""
    for application in given.applications:
        for role in ROLES:
            pod = pod_of(application, role)
            spark = pod.containers[0]
            place = spark.security["readOnlyRootFilesystem"]
            writable = {
                mount["mountPath"].text.rstrip("/") for mount in spark.mounts if mount["readOnly"].value is not True
            }
            if place.value is True and "/tmp" not in writable:
                yield Fault(place, f"{role} pod: nothing writable is mounted at /tmp")


@FAMILY.rule(
    "local",
    "spark-submit cannot mount a volume of this kind as scratch, and the submission fails",
    "emptyDir or persistentVolumeClaim; any kind in driver.template and executor.template",
)
def local(given: Given) -> Iterator[Fault]:
    """Volumes of the application named spark-local-dir-… that a plain volumeMounts names."""
    for application in given.applications:
        mounted = {mount["name"].text for role in ROLES for mount in application.spec[role]["volumeMounts"]}
        for volume in application.spec["volumes"]:
            name = volume["name"].text
            if name.startswith(_LOCAL) and name in mounted and not any(volume[kind] for kind in _LOCAL_KINDS):
                kinds = [key for key, _ in volume.entries() if key != "name"]
                yield Fault(volume, f"{name}: {', '.join(kinds) or 'no type'}")
