"""The ids that `tokenizers` gives, each distinct segment of a batch encoded once.

The library spends most of its time on alignments that nobody here reads. Texts repeat their words, so they are cut
where this provably changes no id (`boundaries.py`), and each distinct segment is encoded once.

Shapes: D texts, S segments, T ids.
"""

from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from tokenizers import Tokenizer

from pipelines.text.arrays import Integers
from pipelines.text.batch import TextBatch
from pipelines.tokenizer.boundaries import boundaries
from pipelines.tokenizer.segments import Segments, cut

Uint32s = npt.NDArray[np.uint32]

LONGEST = 8 << 20
"""Bytes that are encoded at once where no place is proven; see `segments.cut`."""
TOGETHER = 1 << 20
"""Bytes that one call of the library encodes: it holds about 200 bytes for each token meanwhile."""


class Library:
    """`tokenizers`, for any tokenizer.json: no special token is added, none is recognised in a text.

    It keeps nothing between calls, so threads may share it.
    """

    def __init__(self, tokenizer_json: str) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer_json)
        self._tokenizer.encode_special_tokens = True
        self._places = boundaries(tokenizer_json)

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
            if len(segments.begins):
                ids, each = self._segments(batch, segments)
                parts.append(ids)
                counts += np.bincount(segments.rows, each, len(texts)).astype(np.int64)
        return np.concatenate(parts), counts

    def encode_whole(self, texts: pa.StringArray | pa.LargeStringArray) -> tuple[Uint32s, Integers]:
        """As `encode`, from one encoding for each text, whatever its length: what all other ways are compared with."""
        groups = np.cumsum(pc.binary_length(texts).to_numpy()) // TOGETHER
        starts = np.flatnonzero(np.diff(groups, prepend=-1)).tolist()
        parts, counts = [np.empty(0, np.uint32)], [np.empty(0, np.int64)]
        for start, end in zip(starts, [*starts[1:], len(texts)], strict=True):
            together = texts.slice(start, end - start).to_pylist()
            encodings = self._tokenizer.encode_batch_fast(together, add_special_tokens=False)
            ids = [encoding.ids for encoding in encodings]
            counts.append(np.fromiter(map(len, ids), np.int64, len(ids)))
            parts.append(np.fromiter(chain.from_iterable(ids), np.uint32, int(counts[-1].sum())))
        return np.concatenate(parts), np.concatenate(counts)

    def _segments(self, batch: TextBatch, segments: Segments) -> tuple[Uint32s, Integers]:
        """The ids of all (S,) segments, (T,), and how many each has, (S,)."""
        offsets = np.append(segments.begins, segments.ends[-1])  # segments stand side by side in the batch
        each = pa.LargeStringArray.from_buffers(len(segments.begins), pa.py_buffer(offsets), pa.py_buffer(batch.data))
        encoded = each.dictionary_encode()
        ids, counts = self.encode_whole(encoded.dictionary)
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        rows = pa.LargeListArray.from_arrays(pa.array(ends), pa.array(ids)).take(encoded.indices)
        return rows.flatten().to_numpy(), counts[encoded.indices.to_numpy()]
