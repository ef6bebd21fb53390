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
        """A Spark property."""
        return self.spec["sparkConf"][key]

    @property
    def name(self) -> Node:
        """The place of its name."""
        return self.document.top["metadata"]["name"]


class Given:
    """The objects of a cluster that were given."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents

    def of(self, *kinds: str) -> Iterator[Document]:
        """The objects of these kinds."""
        return (each for each in self.documents if each.kind in kinds)

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
