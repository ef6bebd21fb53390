"""Places in a parsed document. Any shape can be walked: what is not there, or is no mapping, is a missing place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from pipelines.yaml_file import line_of


@dataclass(frozen=True, eq=False)
class Document:
    """One object of a cluster, as a file holds it."""

    origin: str  # file, or folder that was built
    data: Any
    root: yaml.Node | None  # knows its lines; None for what was built, whose lines nobody knows

    @property
    def top(self) -> "Node":
        """The whole object."""
        return Node(self, (), self.data)

    @property
    def kind(self) -> str:
        """Empty where there is none."""
        return self.top["kind"].text

    @property
    def name(self) -> str:
        """Empty where there is none."""
        return self.top["metadata"]["name"].text

    @property
    def namespace(self) -> str:
        """Empty where the object names none."""
        return self.top["metadata"]["namespace"].text

    def line(self, path: tuple[str | int, ...]) -> int | None:
        """The line, from 1, of the deepest part of the path that the file holds."""
        if self.root is None:
            return None
        return line_of(self.root, path) or self.root.start_mark.line + 1


@dataclass(frozen=True, eq=False)
class Node:
    """A place in a document, and the value there; None if it is missing."""

    document: Document
    path: tuple[str | int, ...]
    value: Any

    def __getitem__(self, key: str) -> "Node":
        below = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(self.document, (*self.path, key), below)

    def __iter__(self) -> Iterator["Node"]:
        """The items of a list; of anything else none."""
        if isinstance(self.value, list):
            for number, item in enumerate(self.value):
                yield Node(self.document, (*self.path, number), item)

    def entries(self) -> Iterator[tuple[str, "Node"]]:
        """The keys of a mapping and their places; of anything else none."""
        if isinstance(self.value, dict):
            for key in self.value:
                yield str(key), Node(self.document, (*self.path, key), self.value[key])

    def __bool__(self) -> bool:
        """Whether there is a value, even an empty one."""
        return self.value is not None

    @property
    def text(self) -> str:
        """The value as YAML has it; empty for what is no single value."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        return str(self.value) if isinstance(self.value, str | int | float) else ""

    @property
    def number(self) -> float | None:
        """The value, if it is a number."""
        return self.value if isinstance(self.value, int | float) and not isinstance(self.value, bool) else None

    @property
    def place(self) -> str:
        """Its keys, joined by dots."""
        return ".".join(map(str, self.path))
