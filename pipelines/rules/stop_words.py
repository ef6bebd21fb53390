"""Stop words per language, and how many different ones a text holds.

Shapes: D documents, W words.
"""

from functools import cache
from importlib import resources

import numpy as np
import pyarrow as pa
import yaml
from numba import njit

from pipelines.kernels.arrays import Ids, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.words.interning import Words


@cache
def stop_words() -> dict[str, tuple[str, ...]]:
    """ISO 639-1 code -> stop words, as they must stand in the text (case matters)."""
    listing = yaml.safe_load((resources.files(__package__) / "stop_words.yaml").read_text("utf-8"))
    return {language: tuple(words.split()) for language, words in listing.items()}


def distinct_stop_words(words: Words, language: str | None) -> pa.Int64Array:
    """Different stop words in each text, (D,); null for languages without a list."""
    listed = stop_words().get(language or "")
    if listed is None:
        return pa.nulls(len(words.counts), pa.int64())
    known = words.vocabulary.find(TextBatch.from_strings(listed))
    column = np.full(len(words.vocabulary), -1, np.int32)
    column[known[known >= 0]] = np.flatnonzero(known >= 0)
    return pa.array(_count_distinct(column[words.ids], words.offsets, len(listed)))


@njit(cache=True)
def _count_distinct(numbers: Ids, offsets: Integers, size: int) -> Integers:
    """Different numbers that are not negative, per document."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    last_seen_in = np.full(size, -1, np.int64)
    for d in range(len(counts)):
        for i in range(offsets[d], offsets[d + 1]):
            number = numbers[i]
            if number >= 0 and last_seen_in[number] != d:
                last_seen_in[number] = d
                counts[d] += 1
    return counts
