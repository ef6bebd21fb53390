"""What a consistency check found: counts for each feature, the largest differences, and some examples."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from features.consistency.answer import Answer
from features.consistency.comparison import Judgement, Verdict

EXAMPLES = 3
"""Kept of each verdict of a feature."""

HARMLESS = frozenset((Verdict.EQUAL, Verdict.LATE))
"""Verdicts of answers that were right when they were given."""


@dataclass(frozen=True)
class Example:
    """One answer that differs from the tables."""

    verdict: Verdict
    service: str | None  # None: asked for by name
    keys: Mapping[str, Any]
    at: int  # microseconds since the epoch
    event: int | None
    served: Any
    expected: Any


@dataclass
class FeatureTally:
    """The judgements on one feature."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    largest_difference: float = 0.0  # of numbers that differ
    largest_relative: float = 0.0  # the same, as a share of the larger of both
    examples: dict[Verdict, list[Example]] = field(default_factory=dict)

    @property
    def compared(self) -> int:
        """Answers."""
        return self.verdicts.total()

    def share(self, *verdicts: Verdict) -> float:
        """The share of answers with one of these verdicts."""
        return sum(self.verdicts[each] for each in verdicts) / self.compared if self.compared else 0.0

    def add(self, judgement: Judgement, answer: Answer) -> None:
        """Counts one judgement."""
        verdict = judgement.verdict
        self.verdicts[verdict] += 1
        if verdict is Verdict.EQUAL:
            return
        examples = self.examples.setdefault(verdict, [])
        if len(examples) < EXAMPLES:
            served, expected = judgement.served, judgement.expected
            examples.append(Example(verdict, answer.service, answer.keys, answer.at, answer.event, served, expected))
        if verdict not in HARMLESS and _is_number(judgement.served) and _is_number(judgement.expected):
            difference = abs(judgement.served - judgement.expected)
            larger = max(abs(judgement.served), abs(judgement.expected))
            self.largest_difference = max(self.largest_difference, difference)
            self.largest_relative = max(self.largest_relative, difference / larger if larger else 0.0)


@dataclass
class Tally:
    """All that one check found."""

    features: dict[tuple[str, str], FeatureTally] = field(default_factory=dict)  # by view and feature
    rows: Counter[str] = field(default_factory=Counter)  # by view; in the tables, of the entities compared
    rows_from_the_future: Counter[str] = field(default_factory=Counter)  # of these, created before their event time
    packed: Counter[str] = field(default_factory=Counter)  # by view; packed rows that should be online
    unpacked: Counter[str] = field(default_factory=Counter)  # of these, lost or older than Feast's layout
    unreadable: int = 0  # lines of the log
    unknown: Counter[str] = field(default_factory=Counter)  # by view: answers that the plan cannot explain any more
    first: int | None = None  # time of the first and last request, microseconds
    last: int | None = None

    def add(self, answer: Answer, judgements: Mapping[str, Judgement]) -> None:
        """Counts the judgements on one answer."""
        self.first = answer.at if self.first is None else min(self.first, answer.at)
        self.last = answer.at if self.last is None else max(self.last, answer.at)
        for feature, judgement in judgements.items():
            self.features.setdefault((answer.view, feature), FeatureTally()).add(judgement, answer)

    def __iter__(self) -> Iterator[tuple[str, str, FeatureTally]]:
        """View, feature and tally of each, in order."""
        for (view, feature), each in sorted(self.features.items()):
            yield view, feature, each


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
