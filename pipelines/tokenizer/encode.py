"""Encodes Arrow texts to token ids, in bounded memory for documents of any length."""

import os
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa

from pipelines.kernels.arrays import Integers
from pipelines.tokenizer.fast import Fast, not_for_fastokens
from pipelines.tokenizer.library import Library
from pipelines.tokenizer.load import LoadedTokenizer
from pipelines.tokenizer.runs import Uint32s

EncoderName = Literal["fastokens", "tokenizers"]


class Encoder:
    """Encodes to ids; adds no special tokens, and recognises none in a text.

    The ids equal those of `tokenizers` with either package, provided that `choice.py` chose it.
    The text `<|endoftext|>` is encoded as these characters, so that no document can forge a separator.
    Threads may share an encoder.

    Raises:
        ImportError, ValueError: as `Fast`.
    """

    def __init__(self, tokenizer: LoadedTokenizer, by: EncoderName = "tokenizers") -> None:
        self._dtype = tokenizer.dtype
        self._json = tokenizer.json
        self._fast = Fast(tokenizer.json) if by == "fastokens" else None

    @cached_property
    def _library(self) -> Library:
        """Not made unless some text needs it: reading a vocabulary takes a fifth of a second."""
        return Library(self._json)

    def encode(self, texts: pa.StringArray | pa.LargeStringArray) -> tuple[pa.LargeBinaryArray, Integers]:
        """Encodes (n,) texts; null is the empty text.

        Returns:
            ids: (n,) little-endian ids of each text, as wide as the tokenizer's dtype.
            n_tokens: (n,) int64.

        Raises:
            OverflowError: an id does not fit the dtype.
        """
        texts = texts.fill_null("")
        if self._fast is None:
            return id_column(*self._library.encode(texts), self._dtype)
        apart = not_for_fastokens(texts)
        if not apart.any():
            return id_column(*self._fast.encode(texts), self._dtype)
        rows = np.argsort(apart, kind="stable")
        fast, others = np.split(rows, [np.count_nonzero(~apart)])
        ids, n_tokens = zip(
            id_column(*self._fast.encode(texts.take(pa.array(fast))), self._dtype),
            id_column(*self._library.encode(texts.take(pa.array(others))), self._dtype),
            strict=True,
        )
        place = np.argsort(rows)
        return pa.concat_arrays(ids).take(pa.array(place)), np.concatenate(n_tokens)[place]


def id_column(ids: Uint32s, counts: Integers, dtype: np.dtype) -> tuple[pa.LargeBinaryArray, Integers]:
    """The ids (T,) of n texts as a binary column (n,) of `dtype`, and `counts` (n,), the ids per text.

    Raises:
        OverflowError: an id does not fit the dtype.
    """
    if len(ids) and ids.max() > np.iinfo(dtype).max:
        raise OverflowError(f"the id {ids.max()} does not fit {dtype}")
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts * dtype.itemsize, out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(ids.astype(dtype))]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(counts), buffers), counts


def one_thread() -> None:
    """Limits both packages to the calling thread: a task has one core; otherwise `tokenizers` warns after a fork."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["FASTOKENS_BPE_THREADS"] = "1"
    os.environ["RAYON_NUM_THREADS"] = "1"  # fastokens uses rayon for long texts under other expressions than its own
