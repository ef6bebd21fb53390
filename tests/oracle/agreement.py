"""Both sides' verdicts on the same texts, and where they part."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from oracle import chains, environment
from oracle.texts import LANGUAGES

from pipelines.language import identification
from pipelines.language.identification import identify
from pipelines.pii.spans import find, replace

GOALS = {"en": 0.999, "de": 0.995, "fr": 0.995, "es": 0.995}  # share of documents with the same first reason
PIECE = 500  # texts of one question: what an interrupted comparison asks again
SAME_SCORE = 1e-4  # fastText multiplies in single precision


@dataclass(frozen=True, slots=True)
class Difference:
    """A document on which the two sides part."""

    document: str
    language: str
    about: str  # chain, chain and rule set, or part of the cleaning
    theirs: Any
    ours: Any


@dataclass(slots=True)
class Tally:
    """How often they agree about one thing in one language."""

    documents: int = 0
    dropped: int = 0  # by datatrove
    same_decision: int = 0
    same_reason: int = 0

    @property
    def decision_share(self) -> float:
        return self.same_decision / self.documents

    @property
    def reason_share(self) -> float:
        return self.same_reason / self.documents

    def add(self, theirs: Any, ours: Any) -> None:
        self.documents += 1
        self.dropped += theirs is not None
        self.same_decision += (theirs is None) == (ours is None)
        self.same_reason += theirs == ours


@dataclass(slots=True)
class Comparison:
    """The tallies of one language: per chain, per chain and rule set, and of what has one answer (`c4 text`, ...)."""

    language: str
    tallies: dict[str, Tally] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def add(self, document: str, about: str, theirs: Any, ours: Any) -> None:
        self.tallies.setdefault(about, Tally()).add(theirs, ours)
        if theirs != ours:
            self.differences.append(Difference(document, self.language, about, theirs, ours))


def compare(documents: Mapping[str, str], language: str, workers: int = 1) -> Comparison:
    """Every chain, rule set, rewritten text, label and replaced span of documents (id -> text) of a language."""
    comparison = Comparison(language)
    texts = list(documents.values())
    ours = our_verdicts(texts, language)
    for document, theirs, mine in zip(documents, datatroves_verdicts(texts, language, workers), ours, strict=True):
        for chain in chains.CHAINS:
            comparison.add(document, chain, theirs["chains"][chain], mine["chains"][chain])
            for rule_set, verdict in theirs["alone"][chain].items():
                comparison.add(document, f"{chain} {rule_set}", verdict, mine["alone"][chain][rule_set])
        if theirs["c4"] is not None:
            comparison.add(document, "c4 text", theirs["c4"], mine["c4"])
        comparison.add(document, "pii", theirs["pii"], mine["pii"])
        comparison.add(document, "language", theirs["language"][0], mine["language"][0])
        comparison.add(document, "language score", *_scores(theirs["language"][1], mine["language"][1]))
    return comparison


def our_verdicts(texts: Sequence[str], language: str) -> list[dict[str, Any]]:
    """In the shape of datatrove_verdicts.py."""
    answers = chains.verdicts(texts, language)
    labels = zip(*identify(texts), strict=True)
    for text, answer, label in zip(texts, answers, labels, strict=True):
        answer["c4"] = _digest(answer["c4"])
        spans = find(text, ("email", "ip"))
        answer["pii"] = _digest(replace(text, spans)) if spans else None
        answer["language"] = list(label)
    return answers


def datatroves_verdicts(texts: Sequence[str], language: str, workers: int = 1) -> Iterator[dict[str, Any]]:
    """What datatrove_verdicts.py says of each text, asked piece by piece."""
    common = {
        "language": LANGUAGES[language],
        "chains": chains.settings(language),
        "model": model(),
    }
    pieces = [common | {"texts": list(texts[i : i + PIECE])} for i in range(0, len(texts), PIECE)]
    with ThreadPoolExecutor(workers) as pool:
        for answers in pool.map(lambda piece: environment.ask("datatrove_verdicts.py", piece), pieces):
            yield from answers


def _scores(theirs: float, ours: float) -> tuple[float, float]:
    """Equal numbers for scores that differ by rounding alone."""
    return (theirs, theirs) if abs(theirs - ours) <= SAME_SCORE else (theirs, ours)


def model() -> str:
    """Path of the fastText model that both sides read: the one in our package."""
    return str(identification.packaged_model())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
