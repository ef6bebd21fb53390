"""Passages in plain Python, from the words of their definitions: what the kernels and the engine must agree with."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import spacy

from pipelines.words.normalise import simplify

Passage = tuple[str, str, str, int, int]
"""Kind, what it is compared within, normalised text, start, end."""


@cache
def _sentencizer():
    model = spacy.blank("en")
    model.add_pipe("sentencizer")
    return model


def sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of every sentence of every line, without whitespace around it."""
    found, place = [], 0
    for line in text.splitlines(keepends=True):
        content = line.splitlines()[0]
        for sentence in _sentencizer()(content).sents:
            cut = str(sentence)
            start = place + sentence.start_char + len(cut) - len(cut.lstrip())
            if cut.strip():
                found.append((start, start + len(cut.strip())))
        place += len(line)
    return found


def passages(text: str, site: str, window: int) -> Iterator[Passage]:
    """Those of one document, by kind, then by place."""
    found = sentences(text)

    def within(start: int, end: int) -> tuple[int, int] | None:
        inner = [each for each in found if start <= each[0] < end]
        return (inner[0][0], inner[-1][1]) if inner else None

    for kind, place, spans in (
        ("boilerplate", site, [within(*line) for line in _lines(text)]),
        ("paragraphs", "", [within(*each) for each in _paragraphs(text)]),
        ("sentences", "", [(a[0], b[1]) for a, b in zip(found, found[window - 1 :], strict=False)]),
    ):
        for span in spans:
            said = span and " ".join(simplify(text[a:b]) for a, b in found if span[0] <= a and b <= span[1])
            if span and said and said.strip():
                yield kind, place, " ".join(said.split()), *span


def _lines(text: str) -> Iterator[tuple[int, int]]:
    place = 0
    for line in text.splitlines(keepends=True):
        yield place, place + len(line)
        place += len(line)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    begin = len(text) - len(text.lstrip())
    stripped = text.strip()
    gaps = list(re.finditer(r"\n{2,}", stripped))
    if not gaps:
        yield from _lines(text)
        return
    edges = [0, *(edge for gap in gaps for edge in gap.span()), len(stripped)]
    yield from ((begin + a, begin + b) for a, b in zip(edges[::2], edges[1::2], strict=True))


def repeats(documents: Sequence[Mapping[str, Any]], window: int) -> dict[str, list[dict[str, Any]]]:
    """doc_id -> column `repeats`, of documents (doc_id, batch, order, site, text)."""
    places = sorted(
        (each["order"], start, each["batch"], each["doc_id"], kind, site, said, end)
        for each in documents
        for kind, site, said, start, end in passages(each["text"], each["site"], window)
    )
    found: dict[str, list[dict[str, Any]]] = {each["doc_id"]: [] for each in documents}
    for index, (_, start, batch, doc_id, kind, site, said, end) in enumerate(places):
        same = [other for other in places if other[4:7] == (kind, site, said)]
        holders = {other[3] for other in same if other[2] <= batch}
        earlier = any(other[4:7] == (kind, site, said) for other in places[:index])
        if len(holders) > 1 or earlier:
            found[doc_id].append(
                {
                    "kind": kind,
                    "start": start,
                    "end": end,
                    "documents": len(holders),
                    "first": same[0][3],
                    "earlier": earlier,
                }
            )
    kinds = ("boilerplate", "paragraphs", "sentences")
    return {key: sorted(each, key=lambda it: (kinds.index(it["kind"]), it["start"])) for key, each in found.items()}
