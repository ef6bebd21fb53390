"""The ids that `tokenizers` gives, each distinct segment encoded once.

The library spends most of its time on alignments that nobody here reads. Texts repeat their words, so they are cut
where this provably changes no id (`boundaries.py`), and what was encoded is remembered (`segment_ids.py`).

Shapes: D texts, T ids.
"""

import threading
from collections.abc import Sequence
from itertools import chain

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from pipelines.kernels.arrays import Integers
from pipelines.kernels.batch import TextBatch
from pipelines.tokenizer.boundaries import boundaries
from pipelines.tokenizer.runs import Uint32s
from pipelines.tokenizer.segment_ids import SegmentIds
from pipelines.tokenizer.segments import cut

LONGEST = 8 << 20
"""Bytes that are encoded at once where no place is proven; see `segments.cut`."""


class Library:
    """`tokenizers`, for any tokenizer.json: no special token is added, none is recognised in a text.

    Threads may share it: each has a memory of its own.
    """

    def __init__(self, tokenizer_json: str) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer_json)
        self._tokenizer.encode_special_tokens = True
        self._places = boundaries(tokenizer_json)
        self._of_thread = _OfThread(self)

    @property
    def path(self) -> str:
        """What is encoded at once, and why: whole texts where nothing is proven of a part of the tokenizer."""
        return self._places.why

    def encode(self, texts: pa.StringArray | pa.LargeStringArray) -> tuple[Uint32s, Integers]:
        """The ids of all (D,) texts without nulls, (T,), and how many each has, (D,)."""
        batch = TextBatch.from_arrow(texts)
        parts: list[Uint32s] = [np.empty(0, np.uint32)]
        counts = np.zeros(len(texts), np.int64)
        for segments in cut(batch, self._places.classes, self._places.pairs, LONGEST):
            ids, each = self._of_thread.segment_ids(batch.data, segments.begins, segments.ends)
            parts.append(ids)
            counts += np.bincount(segments.rows, each, len(texts)).astype(np.int64)
        return np.concatenate(parts), counts

    def encode_whole(self, texts: Sequence[str]) -> tuple[Uint32s, Integers]:
        """As `encode`, from one encoding for each text, whatever its length: what all other ways are compared with."""
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        ids = [encoding.ids for encoding in encodings]
        counts = np.fromiter(map(len, ids), np.int64, len(ids))
        return np.fromiter(chain.from_iterable(ids), np.uint32, int(counts.sum())), counts


class _OfThread(threading.local):
    """Made anew in each thread that looks at it."""

    def __init__(self, library: Library) -> None:
        self.segment_ids = SegmentIds(library.encode_whole)
