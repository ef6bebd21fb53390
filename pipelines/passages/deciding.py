"""What a policy takes out of documents, from their measures alone.

Passages are whole sentences of their document, so what is left can be counted without its text.

Shapes: D documents, S sentences, R repeats, K kinds, N spans.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from pipelines.kernels.arrays import Integers, Truths
from pipelines.passages.finding import KINDS
from pipelines.policies.passages import PassageThresholds
from pipelines.tables import PASSAGE_DECISIONS, PASSAGES

EMPTY, FEW_WORDS, FEW_SENTENCES = "passages.empty", "passages.too_few_words", "passages.too_few_sentences"

_BOILERPLATE, _PARAGRAPHS, _SENTENCES = range(len(KINDS))
_SPANS = PASSAGE_DECISIONS.schema.field("spans").type
_MEASURED = pa.schema(
    [
        *(PASSAGES.schema.field(name) for name in ("site_pages", "sentences", "repeats")),
        PASSAGE_DECISIONS.schema.field("spans"),
    ]
)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What goes, and what is left."""

    spans: pa.ListArray  # (D,) as column `spans`
    reasons: list[list[str]]  # (D,) why the rest is dropped; none: it is kept
    words_left: Integers  # (D,)
    sentences_left: Integers  # (D,)


def decided(
    batches: Iterator[pa.RecordBatch], thresholds: PassageThresholds, policy: str, run_id: str
) -> Iterator[pa.RecordBatch]:
    """Columns `doc_id`, `site_pages`, `sentences`, `repeats` of table `passages` -> table `passage_decisions`.

    Column `spans`, if there is one, has spans that go for other reasons.
    """
    schema = PASSAGE_DECISIONS.schema
    for batch in batches:
        verdicts = evaluate(batch, thresholds)
        columns = {
            "doc_id": batch.column("doc_id"),
            "policy": pa.repeat(policy, batch.num_rows),
            "kept": pa.array([not reasons for reasons in verdicts.reasons], pa.bool_()),
            "reasons": pa.array(verdicts.reasons, schema.field("reasons").type),
            "spans": verdicts.spans,
            "run_id": pa.repeat(run_id, batch.num_rows),
        }
        yield pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


def evaluate(measured: pa.RecordBatch, thresholds: PassageThresholds) -> Verdicts:
    """Rows of table `passages` under the thresholds.

    A document from which nothing is taken is kept, however short it is. Sentences of which something goes for other
    reasons (`spans`) do not count as left.
    """
    sentences, repeats = _Lists.of(measured.column("sentences")), _Lists.of(measured.column("repeats"))
    others = _Lists.of(measured.column("spans") if "spans" in measured.schema.names else _nothing(measured.num_rows))
    limits = _Limits(
        thresholds.sentences, thresholds.paragraphs, thresholds.boilerplate, thresholds.sentence_words,
        thresholds.paragraph_words, thresholds.boilerplate_pages, thresholds.boilerplate_share,
    )  # fmt: skip
    pages = measured.column("site_pages").fill_null(0).to_numpy(zero_copy_only=False)
    kinds = pc.index_in(repeats.field("kind"), pa.array(KINDS, pa.string())).to_numpy(zero_copy_only=False)
    found, first, last, counts, words_left, sentences_left = _decide(
        sentences.offsets, sentences.numbers("start"), sentences.numbers("end"), sentences.numbers("words"),
        repeats.offsets, kinds.astype(np.int64), repeats.numbers("start"), repeats.numbers("end"),
        repeats.numbers("documents"), repeats.field("earlier").to_numpy(zero_copy_only=False).astype(np.bool_),
        others.offsets, others.numbers("start"), others.numbers("end"), pages.astype(np.int64), limits,
    )  # fmt: skip
    columns = [
        pa.array(KINDS, pa.string()).take(pa.array(found)),
        sentences.field("start").take(pa.array(first)),
        sentences.field("end").take(pa.array(last)),
    ]
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    spans = pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(columns, fields=list(_SPANS.value_type)))
    rows = zip(counts.tolist(), words_left.tolist(), sentences_left.tolist(), strict=True)
    reasons = [list(_reasons(words, left, thresholds)) if spans else [] for spans, words, left in rows]
    return Verdicts(spans.cast(_SPANS), reasons, words_left, sentences_left)


def evaluate_one(row: Mapping[str, Any], thresholds: PassageThresholds) -> Verdicts:
    """`evaluate` of one row of table `passages`, as a mapping."""
    filled = {name: row.get(name) for name in _MEASURED.names}
    return evaluate(pa.RecordBatch.from_pylist([filled], schema=_MEASURED), thresholds)


class _Limits(NamedTuple):
    """The thresholds on single passages, for the kernel."""

    sentences: bool
    paragraphs: bool
    boilerplate: bool
    sentence_words: int
    paragraph_words: int
    pages: int
    share: float


@dataclass(frozen=True, slots=True)
class _Lists:
    """A column of lists of structs: its structs end to end, and (D + 1,) where each document's begin."""

    offsets: Integers
    items: pa.StructArray

    @classmethod
    def of(cls, column: pa.ListArray) -> "_Lists":
        counts = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
        return cls(np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)]), column.flatten())

    def field(self, name: str) -> pa.Array:
        return pc.struct_field(self.items, name)

    def numbers(self, name: str) -> Integers:
        return self.field(name).to_numpy(zero_copy_only=False).astype(np.int64)


def _nothing(rows: int) -> pa.ListArray:
    return pa.nulls(rows, _SPANS)


def _reasons(words: int, sentences: int, thresholds: PassageThresholds) -> Iterator[str]:
    if sentences == 0:
        yield EMPTY
    if words < thresholds.min_words:
        yield FEW_WORDS
    if sentences < thresholds.min_sentences:
        yield FEW_SENTENCES


@njit(cache=True)
def _decide(
    offsets: Integers,
    starts: Integers,
    ends: Integers,
    words: Integers,
    repeat_offsets: Integers,
    kinds: Integers,
    repeat_starts: Integers,
    repeat_ends: Integers,
    documents: Integers,
    earlier: Truths,
    other_offsets: Integers,
    other_starts: Integers,
    other_ends: Integers,
    pages: Integers,
    limits: _Limits,
) -> tuple[Integers, Integers, Integers, Integers, Integers, Integers]:
    """-> kind, first and last sentence of each span (N,); spans, words and sentences left of each document (D,)."""
    rows = len(offsets) - 1
    most = 3 * len(starts)
    found, first, last = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    counts, words_left, sentences_left = np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    count = 0
    for d in range(rows):
        begin, end = offsets[d], offsets[d + 1]
        gone = np.zeros((3, end - begin), np.bool_)
        for r in range(repeat_offsets[d], repeat_offsets[d + 1]):
            left = np.searchsorted(starts[begin:end], repeat_starts[r])
            right = np.searchsorted(ends[begin:end], repeat_ends[r]) + 1
            said = np.sum(words[begin + left : begin + right])
            if _goes(kinds[r], documents[r], earlier[r], said, pages[d], limits):
                gone[kinds[r], left:right] = True
        _keep_short_runs(gone[_SENTENCES], words[begin:end], limits.sentence_words)
        for kind in range(3):
            for s in range(end - begin):
                if gone[kind, s] and (s == 0 or not gone[kind, s - 1]):
                    found[count], first[count] = kind, begin + s
                    counts[d] += 1
                    count += 1
                if gone[kind, s]:
                    last[count - 1] = begin + s
        for o in range(other_offsets[d], other_offsets[d + 1]):
            for s in range(end - begin):
                if starts[begin + s] < other_ends[o] and ends[begin + s] > other_starts[o]:
                    gone[0, s] = True
        for s in range(end - begin):
            if not (gone[0, s] or gone[1, s] or gone[2, s]):
                words_left[d] += words[begin + s]
                sentences_left[d] += 1
    return found[:count].copy(), first[:count].copy(), last[:count].copy(), counts, words_left, sentences_left


@njit(cache=True)
def _goes(kind: int, documents: int, earlier: bool, words: int, pages: int, limits: _Limits) -> bool:
    """Whether a repeated passage is taken out; of sentences, before their runs are measured."""
    if kind == _SENTENCES:
        return limits.sentences and earlier
    if kind == _PARAGRAPHS:
        return limits.paragraphs and earlier and words >= limits.paragraph_words
    return limits.boilerplate and documents >= limits.pages and documents >= limits.share * pages


@njit(cache=True)
def _keep_short_runs(gone: npt.NDArray[np.bool_], words: Integers, least: int) -> None:
    begin = 0
    while begin < len(gone):
        end = begin
        while end < len(gone) and gone[end]:
            end += 1
        if np.sum(words[begin:end]) < least:
            gone[begin:end] = False
        begin = end + 1
