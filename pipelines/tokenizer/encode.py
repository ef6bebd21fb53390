"""Texts to token ids, in Arrow, with bounded memory whatever the length of a document."""

import os
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from pipelines.tokenizer import boundaries
from pipelines.tokenizer.load import LoadedTokenizer
from pipelines.tokenizer.width import pack_ids

PIECE = 1 << 16
"""Characters after which a text is cut at the next proven place."""
LONGEST = 1 << 23
"""Characters that are encoded at once where no place is proven; see `boundaries.cut`."""
BATCH = 1 << 20
"""Characters that one call of the library encodes: it holds about 200 bytes for each token meanwhile."""


class Encoder:
    """A tokenizer ready to encode: ids only, no special tokens added, none recognised in a text.

    A text that spells `<|endoftext|>` gets the ids of these characters, so no document can forge a separator.
    """

    def __init__(self, tokenizer: LoadedTokenizer) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.json)
        self._tokenizer.encode_special_tokens = True
        self._places = boundaries.boundary(tokenizer.json)
        self._dtype = tokenizer.dtype

    def encode(self, texts: pa.StringArray | pa.LargeStringArray) -> tuple[pa.LargeBinaryArray, np.ndarray]:
        """Encodes (n,) texts.

        Returns:
            ids: (n,) little-endian ids of each text, as wide as the tokenizer's dtype.
            n_tokens: (n,) int64.

        Raises:
            OverflowError: an id does not fit the dtype.
        """
        parts: list[np.ndarray] = []
        n_tokens = np.zeros(len(texts), np.int64)
        for batch in _batches(self._pieces(texts)):
            encodings = self._tokenizer.encode_batch_fast([piece for _, piece in batch], add_special_tokens=False)
            for (row, _), encoding in zip(batch, encodings, strict=True):
                ids = pack_ids(encoding.ids, self._dtype)
                n_tokens[row] += len(ids)
                parts.append(ids)
        return _binary(parts, n_tokens, self._dtype), n_tokens

    def _pieces(self, texts: pa.StringArray | pa.LargeStringArray) -> Iterator[tuple[int, str]]:
        for row, text in enumerate(texts):
            for piece in boundaries.cut(text.as_py(), self._places, PIECE, LONGEST):
                yield row, piece


def one_thread() -> None:
    """Keeps the library to the calling thread: a Spark task has one core, and forks without a warning."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def _batches(pieces: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Groups pieces until a group holds `BATCH` characters."""
    batch: list[tuple[int, str]] = []
    size = 0
    for row, piece in pieces:
        batch.append((row, piece))
        size += len(piece)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _binary(parts: list[np.ndarray], n_tokens: np.ndarray, dtype: np.dtype) -> pa.LargeBinaryArray:
    """Joins ids in row order into one binary column."""
    data = np.concatenate(parts) if parts else np.empty(0, dtype)
    offsets = np.zeros(len(n_tokens) + 1, np.int64)
    np.cumsum(n_tokens * dtype.itemsize, out=offsets[1:])
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(n_tokens), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )
