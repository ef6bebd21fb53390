"""All documents of one call, as rules look at them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from jobs.kubernetes.lint.node import Document, Node

_OPERATOR = "sparkoperator.k8s.io/"


@dataclass(frozen=True, eq=False)
class Application:
    """What describes a Spark application: a SparkApplication, or the template of a ScheduledSparkApplication."""

    document: Document
    spec: Node  # of the SparkApplication
    schedule: Node | None  # the spec around it, if it is scheduled

    def conf(self, key: str) -> Node:
        """The place of a Spark property."""
        return self.spec["sparkConf"][key]

    def conf_below(self, prefix: str) -> Iterator[tuple[str, Node]]:
        """The rest of the key, and the place, of every Spark property that begins so."""
        for key, node in self.spec["sparkConf"].entries():
            if key.startswith(prefix):
                yield key.removeprefix(prefix), node

    def first(self, *places: Node) -> Node:
        """The first of the places that has a value; else the first."""
        return next((each for each in places if each), places[0])


class Given:
    """The objects of a cluster that were given."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents

    def of(self, *kinds: str) -> Iterator[Document]:
        """The objects of these kinds."""
        return (each for each in self.documents if each.kind in kinds)

    def beside(self, document: Document, *kinds: str) -> Iterator[Document]:
        """The objects of these kinds in the namespace of an object."""
        return (each for each in self.of(*kinds) if each.namespace == document.namespace)

    @cached_property
    def applications(self) -> list[Application]:
        """The Spark applications, in the order in which they were read."""
        found = []
        for document in self.documents:
            if not document.top["apiVersion"].text.startswith(_OPERATOR):
                continue
            spec = document.top["spec"]
            if document.kind == "SparkApplication":
                found.append(Application(document, spec, None))
            if document.kind == "ScheduledSparkApplication":
                found.append(Application(document, spec["template"], spec))
        return found

    @property
    def schedules(self) -> Iterator[tuple[Application, Node]]:
        """The scheduled applications, each with the spec of its ScheduledSparkApplication."""
        return ((each, each.schedule) for each in self.applications if each.schedule is not None)
