"""Rules that an object asks not to apply to it, in an annotation."""

from collections.abc import Collection, Iterator

from jobs.kubernetes.lint.given import Given
from jobs.kubernetes.lint.node import Document
from jobs.kubernetes.lint.rule import Fault

IGNORE = "tokenlake.io/lint-ignore"
"""The annotation: ids of rules, between commas."""


def ignored(document: Document) -> set[str]:
    """The rules that the object's annotation names."""
    text = document.top["metadata"]["annotations"][IGNORE].text
    return {each.strip() for each in text.split(",")} - {""}


def unknown(given: Given, known: Collection[str]) -> Iterator[Fault]:
    """Names in annotations that no rule has."""
    for document in given.documents:
        for name in sorted(ignored(document) - set(known)):
            yield Fault(document.top["metadata"]["annotations"][IGNORE], f"there is no rule {name}")
