"""Where the sentences of each line begin and end: those that `count_sentences` counts, without blank ones.

Shapes: D documents, L lines, S sentences.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes, Ids, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.utf8 import code_points
from pipelines.words.interning import Chunks, Words
from pipelines.words.lines import Lines
from pipelines.words.sentences import MARK, WORD, is_token, sentence_kinds


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentence s is the bytes `begins[s]:ends[s]`, without whitespace at its ends; no sentence crosses a line."""

    begins: Integers  # (S,)
    ends: Integers  # (S,)
    offsets: Integers  # (D + 1,) sentences of each document
    of_lines: Integers  # (L + 1,) sentences of each line; a blank line has none
    words: Integers  # (S,) by the rules of the language

    def code_points(self, texts: TextBatch) -> tuple[Integers, Integers]:
        """Where each sentence begins and ends in its text, in code points: (S,), (S,)."""
        return _in_code_points(texts.data, texts.begins, self.begins, self.ends, self.offsets)


def sentence_spans(texts: TextBatch, lines: Lines, words: Words, chunks: Chunks) -> Sentences:
    """The sentences of the lines of some texts, whose words and chunks are given."""
    kinds = words.vocabulary.column("sentence kind", sentence_kinds)
    sizes = words.vocabulary.column("bytes", lambda each: each.ends - each.begins)
    begins, ends, counts, of_lines = _spans(
        texts.data, lines.begins, lines.ends, lines.offsets, chunks.begins, chunks.ends, chunks.offsets,
        chunks.word_offsets, kinds[words.ids], sizes[words.ids],
    )  # fmt: skip
    return Sentences(begins, ends, of_lines[lines.offsets], of_lines, counts)


@njit(cache=True)
def _spans(
    data: Bytes,
    line_begins: Integers,
    line_ends: Integers,
    line_offsets: Integers,
    chunk_begins: Integers,
    chunk_ends: Integers,
    chunk_offsets: Integers,
    word_offsets: Integers,
    kinds: Ids,
    sizes: Integers,
) -> tuple[Integers, Integers, Integers, Integers]:
    """-> begins, ends and words of the sentences (S,), and the sentences of each line (L + 1,)."""
    most = len(kinds) + 1
    begins, ends, words = np.empty(most, np.int64), np.empty(most, np.int64), np.zeros(most, np.int64)
    of_lines = np.zeros(len(line_begins) + 1, np.int64)
    count = 0  # of sentences that have begun
    for d in range(len(line_offsets) - 1):
        chunk = chunk_offsets[d]
        for line in range(line_offsets[d], line_offsets[d + 1]):
            seen_mark, first = False, True
            position = line_begins[line]  # behind the word before
            while chunk < chunk_offsets[d + 1] and chunk_begins[chunk] < line_ends[line]:
                new = first or (seen_mark and is_token(data, position, chunk_begins[chunk]))
                place = chunk_begins[chunk]
                for word in range(word_offsets[chunk], word_offsets[chunk + 1]):
                    if new or (seen_mark and kinds[word] == WORD):
                        if not first:
                            ends[count - 1] = position
                        begins[count] = place
                        count += 1
                        new = first = seen_mark = False
                    seen_mark |= kinds[word] == MARK
                    words[count - 1] += 1
                    place = min(place + sizes[word], chunk_ends[chunk])
                    position = place
                position = chunk_ends[chunk]
                chunk += 1
            if not first:
                ends[count - 1] = position
            of_lines[line + 1] = count
    return begins[:count].copy(), ends[:count].copy(), words[:count].copy(), of_lines


@njit(cache=True)
def _in_code_points(
    data: Bytes, text_begins: Integers, begins: Integers, ends: Integers, offsets: Integers
) -> tuple[Integers, Integers]:
    starts, stops = np.empty_like(begins), np.empty_like(ends)
    for d in range(len(offsets) - 1):
        position, characters = text_begins[d], 0
        for s in range(offsets[d], offsets[d + 1]):
            characters += code_points(data, position, begins[s])
            starts[s] = characters
            characters += code_points(data, begins[s], ends[s])
            stops[s] = characters
            position = ends[s]
    return starts, stops
