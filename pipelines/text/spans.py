"""Texts without spans of them: what decontamination and the rules on repeated passages take out of a text.

Shapes: D documents, B bytes, S spans, K kinds.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from pipelines.kernels.arrays import Bytes, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.utf8 import code_points, line_break_width, space_width, utf8_width

SpanKind = Literal["decontamination", "boilerplate", "paragraphs", "sentences"]
SPAN_KINDS: tuple[SpanKind, ...] = get_args(SpanKind)
"""Why a span is taken out. A character in spans of several kinds counts under the first of them in this order."""

SPANS = pa.list_(pa.struct([("kind", pa.string()), ("start", pa.int64()), ("end", pa.int64())]))
"""Spans of one text, in code points; `end` is the first one behind the span."""


@dataclass(frozen=True, slots=True)
class WithoutSpans:
    """Texts after the removal."""

    texts: pa.Array  # (D,) of the type of the texts before
    removed: dict[SpanKind, Integers]  # kind -> code points removed, (D,); in the order of SPAN_KINDS


def without_spans(texts: pa.StringArray | pa.LargeStringArray, spans: pa.ListArray) -> WithoutSpans:
    """Removes spans from texts. What is left are characters of the text in their order, and nothing is added.

    Where something is removed, one run of whitespace stays between the text before and behind it: of all that stand
    there, the one that separates most (most line breaks, then most characters, then the last). So a removed line takes
    its newline with it, a removed paragraph its empty line, a removed sentence its space. None stays at the beginning
    or the end of the text. Whitespace that goes counts as removed with the span before it, or else behind it. Texts
    without a character in a span are not touched.

    Args:
        texts: (D,); a null text stays null.
        spans: (D,) of `SPANS`, in any order; they may overlap. What lies outside of the text is ignored, and so are
            empty spans; null is no span.

    Raises:
        ValueError: a span of another kind than `SPAN_KINDS`.
    """
    flat = spans.flatten()
    kinds = pc.index_in(pc.struct_field(flat, "kind"), pa.array(SPAN_KINDS, pa.string()))
    if kinds.null_count:
        raise ValueError(f"a span is of one of the kinds {', '.join(SPAN_KINDS)}")
    starts, ends = (pc.struct_field(flat, name).fill_null(0).to_numpy(zero_copy_only=False) for name in _BOUNDS)
    counts = pc.list_value_length(spans).fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    batch = TextBatch.from_arrow(texts)
    codes = kinds.to_numpy(zero_copy_only=False).astype(np.int64)
    data, begins, left, removed = _remove(
        batch.data, batch.begins, batch.ends, offsets, codes, starts.astype(np.int64), ends.astype(np.int64)
    )
    present = texts.is_valid().to_numpy(zero_copy_only=False) if texts.null_count else None
    rewritten = TextBatch(data, begins, left).to_arrow(present)
    return WithoutSpans(
        rewritten.cast(texts.type), {kind: removed[:, code].copy() for code, kind in enumerate(SPAN_KINDS)}
    )


_BOUNDS = ("start", "end")
_KINDS = len(SPAN_KINDS)


@njit(cache=True)
def _remove(
    data: Bytes,
    begins: Integers,
    ends: Integers,
    offsets: Integers,
    kinds: Integers,
    starts: Integers,
    stops: Integers,
) -> tuple[Bytes, Integers, Integers, npt.NDArray[np.int64]]:
    """-> the new buffer, where each text begins and ends in it (D,), and the code points removed (D, K)."""
    documents = len(begins)
    size = 0
    for d in range(documents):
        size += ends[d] - begins[d]
    out = np.empty(size, np.uint8)
    new_begins, new_ends = np.empty(documents, np.int64), np.empty(documents, np.int64)
    removed = np.zeros((documents, _KINDS), np.int64)
    place = 0
    for d in range(documents):
        new_begins[d] = place
        first, last = offsets[d], offsets[d + 1]
        if first < last:
            length = code_points(data, begins[d], ends[d])
            owners = _owners(length, kinds[first:last], starts[first:last], stops[first:last])
            place = _copy_rest(data, begins[d], ends[d], owners, out, place, removed[d])
        else:
            for position in range(begins[d], ends[d]):
                out[place] = data[position]
                place += 1
        new_ends[d] = place
    return out, new_begins, new_ends, removed


@njit(cache=True)
def _owners(length: int, kinds: Integers, starts: Integers, stops: Integers) -> Integers:
    """The kind that removes each code point, (length,); -1: it stays. Linear, however many spans overlap."""
    owners = np.full(length, -1, np.int64)
    steps = np.zeros(length + 1, np.int64)
    for kind in range(_KINDS):
        steps[:] = 0
        for span in range(len(kinds)):
            start, stop = max(starts[span], 0), min(stops[span], length)
            if kinds[span] == kind and start < stop:
                steps[start] += 1
                steps[stop] -= 1
        depth = 0
        for character in range(length):
            depth += steps[character]
            if depth > 0 and owners[character] < 0:
                owners[character] = kind
    return owners


@njit(cache=True)
def _copy_rest(data: Bytes, begin: int, end: int, owners: Integers, out: Bytes, place: int, removed: Integers) -> int:
    """Copies what stays of one text to `out` from `place` on, gap by gap -> where it ends there.

    A gap is what lies between two characters that stay and are no whitespace: whitespace, and removed characters.
    """
    position, character, started = begin, 0, False
    while position < end:
        gap = position
        owner, spaces = -1, 0  # of the last removed character of the gap; whitespace of the gap that is not marked
        run = breaks = run_characters = 0  # the present run of whitespace: where it begins, its breaks and characters
        best, best_end, best_breaks, best_characters = gap, gap, 0, 0
        while position < end:
            width = utf8_width(data[position])
            if owners[character] >= 0:
                owner = owners[character]
                removed[owner] += 1
                run_characters = 0
            else:
                if space_width(data, position, end) == 0:
                    break
                if run_characters == 0:
                    run, breaks = position, 0
                run_characters += 1
                spaces += 1
                follows_cr = data[position] == 10 and run_characters > 1 and data[position - 1] == 13
                breaks += line_break_width(data, position, end) > 0 and not follows_cr
                if breaks > best_breaks or (breaks == best_breaks and run_characters >= best_characters):
                    best, best_end, best_breaks, best_characters = run, position + width, breaks, run_characters
            position += width
            character += 1
        if owner < 0:  # nothing is removed here: the gap stays as it is
            best, best_end, best_characters = gap, position, spaces
        elif not started or position >= end:
            best_end, best_characters = best, 0
        if owner >= 0:
            removed[owner] += spaces - best_characters
        for source in range(best, best_end):
            out[place] = data[source]
            place += 1
        while position < end and owners[character] < 0 and space_width(data, position, end) == 0:
            for _ in range(utf8_width(data[position])):
                out[place] = data[position]
                place += 1
                position += 1
            character += 1
            started = True
    return place
