"""What a policy takes out of a document, from its measures alone: the reference, and what the engine runs.

Passages are whole sentences of their document, so what is left can be counted without its text.

Shapes: S sentences of one document.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.kernels.arrays import Integers, Truths
from pipelines.passages.finding import KINDS
from pipelines.policies.passages import PassageThresholds
from pipelines.tables import PASSAGE_DECISIONS

EMPTY, FEW_WORDS, FEW_SENTENCES = "passages.empty", "passages.too_few_words", "passages.too_few_sentences"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The spans that go, as `pipelines.text.spans.SPANS`, and why the rest is dropped; no reason: it is kept."""

    spans: Sequence[Mapping[str, Any]]
    reasons: Sequence[str]
    words_left: int
    sentences_left: int


def decided(batches: Iterator[pa.RecordBatch], thresholds: PassageThresholds, policy: str, run_id: str) -> Any:
    """Columns `doc_id`, `site_pages`, `sentences`, `repeats` of table `passages` -> table `passage_decisions`.

    Column `spans`, if there is one, has spans that go for other reasons.
    """
    schema = PASSAGE_DECISIONS.schema
    for batch in batches:
        verdicts = [evaluate(row, thresholds) for row in batch.to_pylist()]
        columns = {
            "doc_id": batch.column("doc_id"),
            "policy": pa.repeat(policy, len(verdicts)),
            "kept": pa.array([not each.reasons for each in verdicts], pa.bool_()),
            "reasons": pa.array([each.reasons for each in verdicts], schema.field("reasons").type),
            "spans": pa.array([each.spans for each in verdicts], schema.field("spans").type),
            "run_id": pa.repeat(run_id, len(verdicts)),
        }
        yield pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


def evaluate(row: Mapping[str, Any], thresholds: PassageThresholds) -> Verdict:
    """One row of table `passages` under the thresholds.

    A document from which nothing is taken is kept, however short it is. Sentences of which something goes for other
    reasons (`spans`) do not count as left.
    """
    if not row["repeats"]:
        return Verdict([], [], *_size(row["sentences"], np.zeros(len(row["sentences"]), np.bool_)))
    starts = np.array([each["start"] for each in row["sentences"]], np.int64)
    ends = np.array([each["end"] for each in row["sentences"]], np.int64)
    words = np.array([each["words"] for each in row["sentences"]], np.int64)
    gone = {kind: np.zeros(len(starts), np.bool_) for kind in KINDS}
    for each in row["repeats"]:
        first, last = np.searchsorted(starts, each["start"]), np.searchsorted(ends, each["end"]) + 1
        if _goes(each, int(words[first:last].sum()), row["site_pages"], thresholds):
            gone[each["kind"]][first:last] = True
    _keep_short_runs(gone["sentences"], words, thresholds.sentence_words)
    spans = [
        {"kind": kind, "start": int(starts[first]), "end": int(ends[last - 1])}
        for kind in KINDS
        for first, last in _runs(gone[kind])
    ]
    any_gone = np.logical_or.reduce(list(gone.values()))
    for each in row.get("spans") or ():
        any_gone |= (starts < each["end"]) & (ends > each["start"])
    words_left, sentences_left = _size(row["sentences"], any_gone)
    reasons = list(_reasons(words_left, sentences_left, thresholds)) if spans else []
    return Verdict(spans, reasons, words_left, sentences_left)


def _goes(repeat: Mapping[str, Any], words: int, site_pages: int, thresholds: PassageThresholds) -> bool:
    """Whether the policy takes a repeated passage out; of sentences, before their rows are measured."""
    match repeat["kind"]:
        case "sentences":
            return thresholds.sentences and repeat["earlier"]
        case "paragraphs":
            return thresholds.paragraphs and repeat["earlier"] and words >= thresholds.paragraph_words
        case _:
            pages: int = repeat["documents"]
            often = pages >= thresholds.boilerplate_pages and pages >= thresholds.boilerplate_share * site_pages
            return thresholds.boilerplate and often


def _keep_short_runs(gone: Truths, words: Integers, least: int) -> None:
    for first, last in _runs(gone):
        if words[first:last].sum() < least:
            gone[first:last] = False


def _runs(marked: Truths) -> list[tuple[int, int]]:
    """The runs of sentences that are marked: the first, and the one behind the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _size(sentences: Sequence[Mapping[str, Any]], gone: Truths) -> tuple[int, int]:
    """Words and sentences that stay."""
    left = [each["words"] for each, goes in zip(sentences, gone, strict=True) if not goes]
    return sum(left), len(left)


def _reasons(words: int, sentences: int, thresholds: PassageThresholds) -> Iterator[str]:
    if sentences == 0:
        yield EMPTY
    if words < thresholds.min_words:
        yield FEW_WORDS
    if sentences < thresholds.min_sentences:
        yield FEW_SENTENCES
