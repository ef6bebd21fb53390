"""C4's rules: they drop or edit lines, and some phrases drop the whole document.

Sources: Raffel et al. 2020, "Exploring the Limits of Transfer Learning", section 2.2; datatrove 0.10.1,
`c4_filters.py` (`C4QualityFilter`). datatrove stops at the first line that drops the document; here the rest is
measured too, as if that document rule were off.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from pipelines.kernels.arrays import Bytes, Integers, Truths
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.hashing import same_bytes
from pipelines.kernels.utf8 import skip_spaces, skip_spaces_back
from pipelines.rules.c4_line import (
    CURLY_BRACKET,
    JAVASCRIPT,
    LOREM_IPSUM,
    POLICY,
    copy_without_citations,
    ends_as_sentence,
    find_phrases,
    words_and_longest,
)
from pipelines.rules.columns import struct
from pipelines.rules.config import MeasureConfig
from pipelines.tables import MEASURES
from pipelines.words.interning import Chunks, Words
from pipelines.words.lines import Lines
from pipelines.words.sentences import count_sentences

# `lines_read` is the sum of `lines_kept` and the lines that each rule dropped, which are in the order of the rules.
TYPE = MEASURES.schema.field("c4").type
_COUNTS = [field.name for field in TYPE][1:]
_LOREM_IPSUM, _CURLY_BRACKET, _READ, _KEPT, _LONG_WORD, _NO_END, _FEW_WORDS, _JAVASCRIPT, _POLICY = range(len(_COUNTS))

_ALL_WORDS = 1 << 62


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What the line rules leave of some texts."""

    texts: TextBatch  # (D,)
    lines: Lines  # kept, at their positions before the whole text is stripped
    sources: Lines  # the same lines in the text as read
    edited: Truths  # (L,) whether a citation was cut out of a line
    changed: Truths  # (D,) whether a text is another than the one read
    counts: npt.NDArray[np.int64]  # (D, 9), by the fields of `TYPE` from the second on


def rewrite(texts: TextBatch, lines: Lines, config: MeasureConfig) -> Rewritten:
    """Applies the line rules to the texts' `splitlines`: `"\\n".join(lines kept).strip()`."""
    rules = (
        config.max_word_length,
        config.remove_citations,
        config.require_terminal_punctuation,
        config.min_words_per_line,
        config.filter_javascript,
        config.filter_policy,
    )
    size = int(np.sum(lines.ends - lines.begins)) + len(lines.begins)  # one newline per line
    out = np.empty(size, np.uint8)
    counts = np.zeros((len(texts), len(_COUNTS)), np.int64)
    begins, ends, kept, read = _rewrite(texts.data, lines.begins, lines.ends, lines.offsets, rules, out, counts)
    edited = kept[1] - kept[0] != read[1] - read[0]
    changed = _differ(texts.data, texts.begins, texts.ends, out, begins, ends)
    return Rewritten(TextBatch(out, begins, ends), Lines(*kept), Lines(*read), edited, changed, counts)


def measure(rewritten: Rewritten, words: Words, chunks: Chunks) -> pa.StructArray:
    """Rows of `TYPE`, (D,). Words and chunks are those of the rewritten texts."""
    columns: dict[str, npt.NDArray] = {"sentences": count_sentences(rewritten.texts, rewritten.lines, words, chunks)}
    columns |= {name: rewritten.counts[:, i] for i, name in enumerate(_COUNTS)}
    columns |= {name: columns[name] > 0 for name in ("lorem_ipsum", "curly_bracket")}
    return struct(TYPE, columns)


@njit(cache=True)
def _rewrite(
    data: Bytes,
    begins: Integers,
    ends: Integers,
    offsets: Integers,
    rules: tuple[int, bool, bool, int, bool, bool],
    out: Bytes,
    counts: npt.NDArray[np.int64],
) -> tuple[Integers, Integers, tuple[Integers, Integers, Integers], tuple[Integers, Integers, Integers]]:
    """Lines (L,) of documents (D + 1,) -> text begins and ends (D,) in `out`, lines kept; adds to counts (D, 9).

    The lines kept are returned twice: their positions in `out`, and their stripped positions in `data`.
    """
    documents = len(offsets) - 1
    max_word, citations, terminal, min_words, javascript, policy = rules
    text_begins, text_ends = np.empty(documents, np.int64), np.empty(documents, np.int64)
    kept_begins, kept_ends = np.empty(len(begins), np.int64), np.empty(len(begins), np.int64)
    read_begins, read_ends = np.empty(len(begins), np.int64), np.empty(len(begins), np.int64)
    kept_offsets = np.zeros(documents + 1, np.int64)
    kept = position = 0
    for d in range(documents):
        text_begin = position
        for i in range(offsets[d], offsets[d + 1]):
            counts[d, _READ] += 1
            begin = skip_spaces(data, begins[i], ends[i])
            end = skip_spaces_back(data, begin, ends[i])
            short = end - begin <= max_word or not max_word  # no word of it can be too long
            words, longest = words_and_longest(data, begin, end, min_words if short else _ALL_WORDS)
            if max_word and longest > max_word:
                counts[d, _LONG_WORD] += 1
                continue
            line = position
            if counts[d, _KEPT]:
                out[position] = 10
                line += 1
            line_end = copy_without_citations(data, begin, end, out, line, citations)
            if terminal and not ends_as_sentence(out, line, line_end):
                counts[d, _NO_END] += 1
                continue
            if words < min_words:
                counts[d, _FEW_WORDS] += 1
                continue
            found = find_phrases(out, line, line_end)
            counts[d, _LOREM_IPSUM] += found & LOREM_IPSUM != 0
            if javascript and found & JAVASCRIPT:
                counts[d, _JAVASCRIPT] += 1
                continue
            counts[d, _CURLY_BRACKET] += found & CURLY_BRACKET != 0
            if policy and found & POLICY:
                counts[d, _POLICY] += 1
                continue
            kept_begins[kept], kept_ends[kept] = line, line_end
            read_begins[kept], read_ends[kept] = begin, end
            kept += 1
            counts[d, _KEPT] += 1
            position = line_end
        kept_offsets[d + 1] = kept
        text_begins[d] = skip_spaces(out, text_begin, position)
        text_ends[d] = skip_spaces_back(out, text_begins[d], position)
    lines = (kept_begins[:kept].copy(), kept_ends[:kept].copy(), kept_offsets)
    sources = (read_begins[:kept].copy(), read_ends[:kept].copy(), kept_offsets)
    return text_begins, text_ends, lines, sources


@njit(cache=True)
def _differ(
    data: Bytes, begins: Integers, ends: Integers, other: Bytes, other_begins: Integers, other_ends: Integers
) -> Truths:
    """Whether the texts of two batches differ, row by row, (D,)."""
    differ = np.empty(len(begins), np.bool_)
    for d in range(len(begins)):
        length = ends[d] - begins[d]
        equal = other_ends[d] - other_begins[d] == length
        differ[d] = not (equal and same_bytes(data, begins[d], other, other_begins[d], length))
    return differ
