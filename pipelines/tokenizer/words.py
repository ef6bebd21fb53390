"""Counts the words that a tokenizer's normaliser and pre-tokenizer produce."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from tokenizers import Tokenizer

from pipelines.kernels.arrays import Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.byte_strings import ByteStrings
from pipelines.tokenizer.boundaries import boundaries
from pipelines.tokenizer.segments import cut

TOGETHER = 1_000
"""Texts that are cut together."""
LONGEST = 8 << 20
"""Bytes after which a text without a boundary is cut."""


def count_words(texts: Iterable[str], tokenizer: Tokenizer) -> Counter[str]:
    """How often each word occurs, in the order of first occurrence: each distinct segment is split once."""
    normalizer, pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
    segments, occurrences = _count_segments(texts, tokenizer)
    counts: Counter[str] = Counter()
    for segment, count in zip(segments.texts().strings(), occurrences.tolist(), strict=True):
        normalized = normalizer.normalize_str(segment) if normalizer else segment
        for word, _ in pre_tokenizer.pre_tokenize_str(normalized):
            counts[word] += count
    return counts


def _count_segments(texts: Iterable[str], tokenizer: Tokenizer) -> tuple[ByteStrings, Integers]:
    """The K distinct segments in order of first occurrence, and how often each occurs, (K,)."""
    places = boundaries(tokenizer.to_str())
    segments, counts = ByteStrings(), np.zeros(0, np.int64)
    for some in _batches(texts):
        batch = TextBatch.from_strings(some)
        for found in cut(batch, places.classes, places.pairs, LONGEST):
            ids = segments.ids(batch.data, found.begins, found.ends)
            counts = np.bincount(ids, minlength=len(segments)) + np.pad(counts, (0, len(segments) - len(counts)))
    return segments, counts


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(texts)
    while some := list(islice(remaining, TOGETHER)):
        yield some
