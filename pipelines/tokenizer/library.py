"""Encodes with `tokenizers`, each distinct segment once.

The library spends most of its time on alignments, which are not needed here. Since texts repeat their words, they are
cut where this provably changes no id (`boundaries.py`), and the ids of segments are cached (`segment_ids.py`).

Shapes: D texts, T ids.
"""

import threading
from collections.abc import Sequence
from functools import cached_property
from itertools import chain

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from pipelines.kernels.arrays import Integers
from pipelines.kernels.batch import TextBatch
from pipelines.tokenizer.boundaries import boundaries
from pipelines.tokenizer.load import opened
from pipelines.tokenizer.long_segments import LongSegments
from pipelines.tokenizer.runs import Uint32s
from pipelines.tokenizer.segment_ids import SegmentIds
from pipelines.tokenizer.segments import cut

LONGEST = 8 << 20
"""Bytes of a segment after which it is encoded in pieces, to bound memory; see `long_segments.py`."""
PIECE = 2 << 20
"""Characters of a piece."""
_ANY_LENGTH = 1 << 62


class Library:
    """`tokenizers`, for any tokenizer.json: no special token is added, none is recognised in a text.

    Threads may share it: each has its own cache.
    """

    def __init__(self, tokenizer_json: str) -> None:
        self._tokenizer = opened(tokenizer_json)
        self._places = boundaries(tokenizer_json)
        self._of_thread = _OfThread(self)

    @cached_property
    def _long(self) -> LongSegments:
        """Made when a text needs it: it reads the whole vocabulary."""
        return LongSegments(self._tokenizer.to_str())

    @property
    def path(self) -> str:
        """Whether whole texts or segments are encoded, and why."""
        return self._places.why

    def encode(self, texts: pa.StringArray | pa.LargeStringArray) -> tuple[Uint32s, Integers]:
        """The ids of all (D,) texts without nulls, (T,), and how many each has, (D,)."""
        batch = TextBatch.from_arrow(texts)
        parts: list[Uint32s] = [np.empty(0, np.uint32)]
        counts = np.zeros(len(texts), np.int64)
        for segments in cut(batch, self._places.classes, self._places.pairs, _ANY_LENGTH):
            for some in segments.apart(LONGEST):
                if some.ends[0] - some.begins[0] > LONGEST:
                    (long,) = TextBatch(batch.data, some.begins, some.ends).strings()
                    ids, each = self._encode_long(long)
                else:
                    ids, each = self._of_thread.segment_ids(batch.data, some.begins, some.ends)
                parts.append(ids)
                counts += np.bincount(some.rows, each, len(texts)).astype(np.int64)
        return np.concatenate(parts), counts

    def _encode_long(self, segment: str) -> tuple[Uint32s, Integers]:
        """The ids of one segment, encoded in pieces, and their number, (1,)."""
        first, *others = self._long.pieces(segment, PIECE)
        continuing = opened(self._long.continuing) if self._long.continuing else self._tokenizer
        found = [self.encode_whole([first])[0], *(_encode(continuing, [piece])[0] for piece in others)]
        ids = np.concatenate(found)
        return ids, np.array([len(ids)], np.int64)

    def encode_whole(self, texts: Sequence[str]) -> tuple[Uint32s, Integers]:
        """As `encode`, but encodes each text whole: the reference for every other way."""
        return _encode(self._tokenizer, texts)


def _encode(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Uint32s, Integers]:
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    ids = [encoding.ids for encoding in encodings]
    counts = np.fromiter(map(len, ids), np.int64, len(ids))
    return np.fromiter(chain.from_iterable(ids), np.uint32, int(counts.sum())), counts


class _OfThread(threading.local):
    """Created separately in each thread that accesses it."""

    def __init__(self, library: Library) -> None:
        self.segment_ids = SegmentIds(library.encode_whole)
