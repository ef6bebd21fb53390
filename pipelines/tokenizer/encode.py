"""Texts to token ids, in Arrow, with bounded memory whatever the length of a document."""

import os

import numpy as np
import pyarrow as pa

from pipelines.kernels.batch import TextBatch
from pipelines.tokenizer.boundaries import boundaries
from pipelines.tokenizer.library import encode_segments
from pipelines.tokenizer.load import LoadedTokenizer
from pipelines.tokenizer.segment_ids import SegmentIds
from pipelines.tokenizer.segments import cut

LONGEST = 8 << 20
"""Bytes that are encoded at once where no place is proven; see `segments.cut`."""


class Encoder:
    """A tokenizer ready to encode: ids only, no special tokens added, none recognised in a text.

    Texts are cut where this provably changes no id, and the library encodes each distinct segment once.
    A text that spells `<|endoftext|>` gets the ids of these characters, so no document can forge a separator.
    """

    def __init__(self, tokenizer: LoadedTokenizer) -> None:
        self._places = boundaries(tokenizer.json)
        self._dtype = tokenizer.dtype
        self._segment_ids = SegmentIds(encode_segments(tokenizer.json, tokenizer.dtype, self._places))

    @property
    def path(self) -> str:
        """What is encoded at once, and why: whole texts where nothing is proven of a part of the tokenizer."""
        return self._places.why

    def encode(self, texts: pa.StringArray | pa.LargeStringArray) -> tuple[pa.LargeBinaryArray, np.ndarray]:
        """Encodes (n,) texts.

        Returns:
            ids: (n,) little-endian ids of each text, as wide as the tokenizer's dtype.
            n_tokens: (n,) int64.

        Raises:
            OverflowError: an id does not fit the dtype.
        """
        batch = TextBatch.from_arrow(texts)
        parts: list[np.ndarray] = []
        n_tokens = np.zeros(len(texts), np.int64)
        for segments in cut(batch, self._places.classes, self._places.pairs, LONGEST):
            ids, counts = self._segment_ids(batch.data, segments.begins, segments.ends)
            parts.append(ids.astype(self._dtype))
            n_tokens += np.bincount(segments.rows, counts, len(texts)).astype(np.int64)
        return _binary(parts, n_tokens, self._dtype), n_tokens


def one_thread() -> None:
    """Keeps the library to the calling thread: a Spark task has one core, and forks without a warning."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def _binary(parts: list[np.ndarray], n_tokens: np.ndarray, dtype: np.dtype) -> pa.LargeBinaryArray:
    """Joins ids in row order into one binary column."""
    data = np.concatenate(parts) if parts else np.empty(0, dtype)
    offsets = np.zeros(len(n_tokens) + 1, np.int64)
    np.cumsum(n_tokens * dtype.itemsize, out=offsets[1:])
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(n_tokens), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )
