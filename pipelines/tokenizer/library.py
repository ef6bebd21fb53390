"""Encodes with `tokenizers`, each distinct segment once.

The library spends most of its time on alignments, which are not needed here. Since texts repeat their words, they are
cut where this provably changes no id (`boundaries.py`), and the ids of segments are cached (`segment_ids.py`).

Shapes: D texts, T ids.
"""

import threading
from collections.abc import Sequence
from itertools import chain

import numpy as np
import pyarrow as pa

from pipelines.kernels.arrays import Integers
from pipelines.kernels.batch import TextBatch
from pipelines.tokenizer.boundaries import boundaries
from pipelines.tokenizer.load import opened
from pipelines.tokenizer.runs import Uint32s
from pipelines.tokenizer.segment_ids import SegmentIds
from pipelines.tokenizer.segments import cut

LONGEST = 8 << 20
"""Longest segment, in bytes, where no cut is proven safe; see `segments.cut`."""


class Library:
    """`tokenizers`, for any tokenizer.json: no special token is added, none is recognised in a text.

    Threads may share it: each has its own cache.
    """

    def __init__(self, tokenizer_json: str) -> None:
        self._tokenizer = opened(tokenizer_json)
        self._places = boundaries(tokenizer_json)
        self._of_thread = _OfThread(self)

    @property
    def path(self) -> str:
        """Whether whole texts or segments are encoded, and why."""
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
        """As `encode`, but encodes each text whole: the reference for every other way."""
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        ids = [encoding.ids for encoding in encodings]
        counts = np.fromiter(map(len, ids), np.int64, len(ids))
        return np.fromiter(chain.from_iterable(ids), np.uint32, int(counts.sum())), counts


class _OfThread(threading.local):
    """Created separately in each thread that accesses it."""

    def __init__(self, library: Library) -> None:
        self.segment_ids = SegmentIds(library.encode_whole)
