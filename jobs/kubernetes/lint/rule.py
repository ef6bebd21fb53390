"""What a rule is, and how a family of rules is written down."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from jobs.kubernetes.lint.node import Node

if TYPE_CHECKING:
    from jobs.kubernetes.lint.given import Given


class Fault(NamedTuple):
    """A place that a rule objects to, and what is wrong there."""

    node: Node
    wrong: str


Check = Callable[["Given"], Iterator[Fault]]


@dataclass(frozen=True)
class Rule:
    """`id` is FAMILY.NAME; `meaning` says in one line what is found, `remedy` what to write instead."""

    id: str
    meaning: str
    remedy: str
    check: Check


class Family:
    """The rules of a file, in their order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rules: list[Rule] = []

    def rule(self, name: str, meaning: str, remedy: str) -> Callable[[Check], Check]:
        """Makes the function below it a rule of this family."""

        def add(check: Check) -> Check:
            self.rules.append(Rule(f"{self.name}.{name}", meaning, remedy, check))
            return check

        return add
