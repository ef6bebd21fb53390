"""Personal data as spans, and their replacement. Nothing is remembered from one document to the next."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from pydantic import Field

from pipelines.config import Config, Meaning
from pipelines.pii import recognizers
from pipelines.pii.phones import phones

Kind = Literal["email", "iban", "card", "ip", "phone"]


class Span(NamedTuple):
    """Code points `start` to `end` of a text."""

    start: int
    end: int
    kind: Kind


# In order of precedence, stricter checks first: later kinds do not see what an earlier kind has found.
RECOGNIZERS: dict[Kind, Callable[[str], Iterator[tuple[int, int]]]] = {
    "email": recognizers.emails,
    "iban": recognizers.ibans,
    "card": recognizers.cards,
    "ip": recognizers.ip_addresses,
    "phone": phones,
}

KINDS: tuple[Kind, ...] = tuple(RECOGNIZERS)
PLACEHOLDERS: dict[Kind, str] = {
    "email": "<EMAIL>",
    "iban": "<IBAN>",
    "card": "<CARD>",
    "ip": "<IP>",
    "phone": "<PHONE>",
}


class PiiConfig(Config):
    """Which personal data is replaced, and by what."""

    kinds: Meaning[tuple[Kind, ...] | None] = Field(
        default=None,
        description="kinds to replace; empty: none; null: as the policy says, all if it has the pass `pii`",
    )
    placeholders: Meaning[dict[Kind, str]] = Field(default=PLACEHOLDERS, description="kind -> replacement")


_DIGIT = re.compile("[0-9]")
_HIDDEN = "<"  # in no pattern, and a boundary for each


def find(text: str, kinds: Sequence[Kind] = KINDS) -> list[Span]:
    """Spans of personal data, in order, none overlapping another.

    Each kind is searched in what the earlier kinds left, and all kinds again until nothing new is found, because a
    hidden span can be the boundary that another span needs. So a replaced text has nothing more to replace.
    """
    spans: list[Span] = []
    while True:
        digits = _DIGIT.search(text) is not None
        fresh: list[Span] = []
        for kind in KINDS:
            if kind in kinds and (digits or kind == "email"):
                found = [Span(start, end, kind) for start, end in RECOGNIZERS[kind](text)]
                text = _substitute(text, found, [_HIDDEN * (span.end - span.start) for span in found])
                fresh += found
        if not fresh:
            return sorted(spans)
        spans += fresh


def replace(text: str, spans: Sequence[Span], placeholders: Mapping[Kind, str] = PLACEHOLDERS) -> str:
    """The text with each span (in order, none overlapping) replaced by its kind's placeholder."""
    return _substitute(text, spans, [placeholders.get(span.kind, PLACEHOLDERS[span.kind]) for span in spans])


def _substitute(text: str, spans: Sequence[Span], substitutes: Sequence[str]) -> str:
    if not spans:
        return text
    ends = [0, *(span.end for span in spans)]
    starts = [*(span.start for span in spans), len(text)]
    between = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    return "".join(piece for pair in zip(between, [*substitutes, ""], strict=True) for piece in pair)
