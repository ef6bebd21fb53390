"""The words of texts after C4's line rules, taken from the words of the texts as read: a kept line keeps its words.

Shapes: D documents, L lines kept, C chunks, W words, M edited lines.
"""

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Ids, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.rules.c4 import Rewritten
from pipelines.words.interning import ChunkInterner, Chunks, Words


def rewritten_words(
    splitter: ChunkInterner, words: Words, chunks: Chunks, rewritten: Rewritten
) -> tuple[Words, Chunks]:
    """`splitter.with_chunks(rewritten.texts)`, where `words` and `chunks` are those of the texts as read.

    No chunk crosses a line, so only lines that lost a citation are split again.
    """
    texts, lines, sources, edited = rewritten.texts, rewritten.lines, rewritten.sources, rewritten.edited
    again = TextBatch(texts.data, lines.begins[edited], lines.ends[edited])
    new_words, new_chunks = splitter.with_chunks(again)
    if (
        new_words.vocabulary is not words.vocabulary
    ):  # the splitter has dropped its tables, and ids of both cannot be mixed
        return splitter.with_chunks(texts)
    first, last = _chunks_of_lines(sources.begins, sources.ends, sources.offsets, chunks.begins, chunks.offsets)
    first[edited] = len(chunks.begins) + new_chunks.offsets[:-1]
    last[edited] = len(chunks.begins) + new_chunks.offsets[1:]
    shifts = np.where(edited, 0, lines.begins - sources.begins)
    begins, ends, line_offsets, word_offsets, ids = _gathered(
        first,
        last,
        shifts,
        np.concatenate([chunks.begins, new_chunks.begins]),
        np.concatenate([chunks.ends, new_chunks.ends]),
        np.concatenate([chunks.word_offsets, chunks.word_offsets[-1] + new_chunks.word_offsets[1:]]),
        np.concatenate([words.ids, new_words.ids]),
    )
    offsets = line_offsets[lines.offsets]
    return Words(ids, word_offsets[offsets], words.vocabulary), Chunks(begins, ends, offsets, word_offsets)


@njit(cache=True)
def _chunks_of_lines(
    line_begins: Integers, line_ends: Integers, line_offsets: Integers, chunk_begins: Integers, chunk_offsets: Integers
) -> tuple[Integers, Integers]:
    """First chunk of each line and the one behind its last, (L,) each."""
    first, last = np.empty(len(line_begins), np.int64), np.empty(len(line_begins), np.int64)
    for d in range(len(line_offsets) - 1):
        chunk = chunk_offsets[d]
        for line in range(line_offsets[d], line_offsets[d + 1]):
            while chunk < chunk_offsets[d + 1] and chunk_begins[chunk] < line_begins[line]:
                chunk += 1
            first[line] = chunk
            while chunk < chunk_offsets[d + 1] and chunk_begins[chunk] < line_ends[line]:
                chunk += 1
            last[line] = chunk
    return first, last


@njit(cache=True)
def _gathered(
    first: Integers,
    last: Integers,
    shifts: Integers,
    chunk_begins: Integers,
    chunk_ends: Integers,
    chunk_words: Integers,
    word_ids: Ids,
) -> tuple[Integers, Integers, Integers, Integers, Ids]:
    """Chunks `first[l]:last[l]` of each line, moved -> begins, ends (C,), lines (L + 1,), words (C + 1,), ids (W,)."""
    line_offsets = np.zeros(len(first) + 1, np.int64)
    size = 0
    for line in range(len(first)):
        line_offsets[line + 1] = line_offsets[line] + last[line] - first[line]
        size += chunk_words[last[line]] - chunk_words[first[line]]
    begins, ends = np.empty(line_offsets[-1], np.int64), np.empty(line_offsets[-1], np.int64)
    word_offsets, ids = np.zeros(line_offsets[-1] + 1, np.int64), np.empty(size, np.int32)
    place = word = 0
    for line in range(len(first)):
        for chunk in range(first[line], last[line]):
            begins[place], ends[place] = chunk_begins[chunk] + shifts[line], chunk_ends[chunk] + shifts[line]
            place += 1
            for position in range(chunk_words[chunk], chunk_words[chunk + 1]):
                ids[word] = word_ids[position]
                word += 1
            word_offsets[place] = word
    return begins, ends, line_offsets, word_offsets, ids
