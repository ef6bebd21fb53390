"""Findings: what rules object to, less what is ignored, with file, line and what to write instead."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from jobs.kubernetes.lint.given import Given
from jobs.kubernetes.lint.ignoring import ignored as ignored_by_object
from jobs.kubernetes.lint.node import Document
from jobs.kubernetes.lint.registry import RULES
from jobs.kubernetes.lint.rule import Fault, Rule


@dataclass(frozen=True)
class Finding:
    """One fault, for people and programs."""

    file: str
    line: int | None  # None for what kustomize made
    object: str  # KIND/NAME
    path: str  # of keys, joined by dots
    rule: str
    wrong: str
    remedy: str

    @property
    def text(self) -> str:
        """Two lines."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.rule}: {self.object}: {self.path}: {self.wrong}\n    write: {self.remedy}"


def findings(documents: Sequence[Document], ignored: Collection[str] = ()) -> list[Finding]:
    """What the rules, but for the ignored ones, find in the documents; in the order of files and lines."""
    given = Given(documents)
    found = [
        _finding(rule, fault)
        for rule in RULES.values()
        if rule.id not in ignored
        for fault in rule.check(given)
        if rule.id not in ignored_by_object(fault.node.document)
    ]
    files = {document.origin: place for place, document in reversed(list(enumerate(documents)))}
    return sorted(dict.fromkeys(found), key=lambda each: (files[each.file], each.line or 0, each.object))


def _finding(rule: Rule, fault: Fault) -> Finding:
    document = fault.node.document
    return Finding(
        document.origin,
        document.line(fault.node.path),
        f"{document.kind}/{document.name}",
        fault.node.place,
        rule.id,
        fault.wrong,
        rule.remedy,
    )
