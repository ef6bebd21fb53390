"""The words of a language: spaCy's, and where a script writes no spaces, those of ICU's dictionaries."""

from functools import partial

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Integers, Truths
from pipelines.kernels.batch import TextBatch
from pipelines.words.interning import ChunkInterner, SplitWords
from pipelines.words.methods import SEGMENTED
from pipelines.words.scripts import are_unspaced, find_runs
from pipelines.words.segmentation import segment
from pipelines.words.spacy_words import MULTI_LANGUAGE, spacy_language, split_chunks

# All languages with a segmenter share one splitter, since ICU chooses the dictionary by script.
UNSPACED_LANGUAGE = "unspaced"

# Bounds a worker's memory on text in many languages: about 250 MB for a million chunks.
CHUNKS_OF_ALL_LANGUAGES = 2_000_000
_INTERNERS: dict[str, ChunkInterner] = {}


def word_splitter(language: str | None) -> ChunkInterner:
    """The interner of a language's words in this process; languages with the same rules share one.

    Args:
        language: a code as lid.176 gives it; None takes the multi-language rules.
    """
    if sum(map(len, _INTERNERS.values())) > CHUNKS_OF_ALL_LANGUAGES:
        max(_INTERNERS.values(), key=len).forget()
    code = UNSPACED_LANGUAGE if language in SEGMENTED else spacy_language(language)
    if code not in _INTERNERS:
        _INTERNERS[code] = _interner(code)
    return _INTERNERS[code]


def _interner(code: str) -> ChunkInterner:
    if code == UNSPACED_LANGUAGE:
        return ChunkInterner(partial(split_runs, language=MULTI_LANGUAGE), find=find_runs)
    return ChunkInterner(partial(split_chunks, language=code))


def split_runs(runs: TextBatch, language: str) -> SplitWords:
    """The words of runs: by dictionary in scripts without spaces, by spaCy's rules for `language` in others."""
    unspaced = are_unspaced(runs)
    by_dictionary = segment(runs.take(np.flatnonzero(unspaced)))
    by_rules = split_chunks(runs.take(np.flatnonzero(~unspaced)), language)
    return merged(unspaced, by_dictionary, by_rules)


def merged(first: Truths, left: SplitWords, right: SplitWords) -> SplitWords:
    """Words of chunks (C,), of which those where `first` holds were split in `left`, the others in `right`.

    Both must have the same buffer.
    """
    counts = np.empty(len(first), np.int64)
    counts[first], counts[~first] = left.counts, right.counts
    order = _interleaved(first, counts, len(left.words))
    begins = np.concatenate([left.words.begins, right.words.begins])[order]
    ends = np.concatenate([left.words.ends, right.words.ends])[order]
    return SplitWords(TextBatch(left.words.data, begins, ends), counts)


@njit(cache=True)
def _interleaved(first: Truths, counts: Integers, right_begins: int) -> Integers:
    """Where each word stands in the words of the left side followed by those of the right, (W,)."""
    order = np.empty(np.sum(counts), np.int64)
    left, right, word = 0, right_begins, 0
    for chunk in range(len(first)):
        for _ in range(counts[chunk]):
            order[word] = left if first[chunk] else right
            left += first[chunk]
            right += not first[chunk]
            word += 1
    return order
