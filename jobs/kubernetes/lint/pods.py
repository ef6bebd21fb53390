"""The pods that result from a manifest, whether it is a Spark application or makes pods itself.

A Spark application says what its pods are in two ways: `driver.template`, which spark-submit takes, and plain fields
such as `driver.securityContext`, which the operator's webhook writes over the template when the pod is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from jobs.kubernetes.lint.given import Application
from jobs.kubernetes.lint.node import Document, Node

ROLES = ("driver", "executor")
"""The pods of a Spark application."""

_TEMPLATES = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


@dataclass(frozen=True, eq=False)
class Container:
    """A container of a pod. `spec` is the place where what it lacks belongs."""

    spec: Node
    title: str
    security: Node
    env: tuple[Node, ...]
    mounts: tuple[Node, ...]
    image: Node


@dataclass(frozen=True, eq=False)
class Pod:
    """A pod to be. Mappings that come from several places are lists of (key, place of its value)."""

    title: str
    spec: Node  # of its template, or the place of the plain fields
    security: Node
    containers: tuple[Container, ...]  # of a Spark application, the first is Spark's
    volumes: tuple[Node, ...]
    tolerations: tuple[Node, ...]
    affinities: tuple[Node, ...]
    selectors: tuple[tuple[str, Node], ...]
    annotations: tuple[tuple[str, Node], ...]
    service_account: Node
    priority_class: Node
    host_network: Node


def pod_of(application: Application, role: str) -> Pod:
    """The driver's or an executor's pod of an application."""
    own = application.spec[role]
    spec = own["template"]["spec"]
    return Pod(
        f"{role} pod",
        spec if spec else own,
        _winner(own["podSecurityContext"], spec, "securityContext"),
        _spark_containers(application, role),
        (*spec["volumes"], *_mounted(application, own)),
        (*spec["tolerations"], *own["tolerations"]),
        tuple(each for each in (spec["affinity"], own["affinity"]) if each),
        tuple(_selectors(application, role)),
        tuple(_annotations(application, role)),
        _service_account(application, role),
        _winner(own["priorityClassName"], spec, "priorityClassName"),
        _winner(own["hostNetwork"], spec, "hostNetwork"),
    )


def pods_of(document: Document) -> Iterator[Pod]:
    """The pods of an object that makes pods itself, such as a Deployment; of any other none."""
    if document.kind not in _TEMPLATES:
        return
    template = document.top
    for key in _TEMPLATES[document.kind]:
        template = template[key]
    spec = template["spec"]
    containers = [
        _container(each, "init container" if key == "initContainers" else "container")
        for key in ("containers", "initContainers")
        for each in spec[key]
    ]
    yield Pod(
        "pod",
        spec,
        spec["securityContext"],
        tuple(containers),
        tuple(spec["volumes"]),
        tuple(spec["tolerations"]),
        (spec["affinity"],) if spec["affinity"] else (),
        tuple(spec["nodeSelector"].entries()),
        tuple(template["metadata"]["annotations"].entries()),
        spec["serviceAccountName"],
        spec["priorityClassName"],
        spec["hostNetwork"],
    )


def _container(spec: Node, title: str) -> Container:
    named = f"{title} {spec['name'].text or '?'}"
    return Container(
        spec, named, spec["securityContext"], tuple(spec["env"]), tuple(spec["volumeMounts"]), spec["image"]
    )


def _spark_containers(application: Application, role: str) -> tuple[Container, ...]:
    """Spark's container, then sidecars and init containers."""
    own = application.spec[role]
    spec = own["template"]["spec"]
    listed = list(spec["containers"])
    name = f"spark-kubernetes-{role}"
    spark = next((each for each in listed if each["name"].text == name), listed[0] if listed else own)
    conf = application.conf
    properties = (conf(f"spark.kubernetes.{role}.container.image"), conf("spark.kubernetes.container.image"))
    image = application.first(application.spec["image"], *properties)
    first = Container(
        spark,
        f"container {name}",
        _winner(own["securityContext"], spark if listed else spec["containers"], "securityContext"),
        (*(spark["env"] if listed else ()), *own["env"]),
        (*(spark["volumeMounts"] if listed else ()), *own["volumeMounts"]),
        own["image"] if own["image"] else image,
    )
    beside = [each for each in listed if each.path != spark.path]
    inits = [*spec["initContainers"], *own["initContainers"]]
    return (
        first,
        *(_container(each, "container") for each in [*beside, *own["sidecars"]]),
        *(_container(each, "init container") for each in inits),
    )


def _winner(plain: Node, template: Node, key: str) -> Node:
    """The plain field; where it is missing, the template's, if there is a template."""
    return plain if plain or not template else template[key]


def _mounted(application: Application, own: Node) -> Iterator[Node]:
    """Of the application's volumes those that the role mounts; the webhook adds no others."""
    names = {each["name"].text for each in own["volumeMounts"]}
    return (each for each in application.spec["volumes"] if each["name"].text in names)


def _selectors(application: Application, role: str) -> Iterator[tuple[str, Node]]:
    own = application.spec[role]
    for mapping in (own["template"]["spec"]["nodeSelector"], own["nodeSelector"], application.spec["nodeSelector"]):
        yield from mapping.entries()
    for prefix in ("spark.kubernetes.node.selector.", f"spark.kubernetes.{role}.node.selector."):
        yield from application.conf_below(prefix)


def _annotations(application: Application, role: str) -> Iterator[tuple[str, Node]]:
    own = application.spec[role]
    yield from own["template"]["metadata"]["annotations"].entries()
    yield from own["annotations"].entries()
    yield from application.conf_below(f"spark.kubernetes.{role}.annotation.")


def _service_account(application: Application, role: str) -> Node:
    own = application.spec[role]
    spec = own["template"]["spec"]
    places = (
        own["serviceAccount"],
        application.conf(f"spark.kubernetes.authenticate.{role}.serviceAccountName"),
        spec["serviceAccountName"],
        spec["serviceAccount"],
    )
    return next((each for each in places if each), own["serviceAccount"])
