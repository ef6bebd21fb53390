"""Encodes with fastokens: byte-level BPE at many times the speed of `tokenizers`.

fastokens (Apache-2.0) reads BPE with the normalisers NFC, Lowercase, Prepend and Replace, and splits by ByteLevel,
Split and Digits; other tokenizers raise an error. The expressions of GPT-2, cl100k, Llama 3, Qwen 2 and o200k are
compiled into it.
"""

import os

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernels.arrays import Integers, Truths
from pipelines.tokenizer.library import LONGEST
from pipelines.tokenizer.runs import Uint32s

DIFFERENT = "'ſ"
"""A contraction under case folding. After one, fastokens 0.3.5 misapplies o200k's expression (`s'ſ'S's`)."""


class Fast:
    """fastokens, for a tokenizer.json that it reads; special tokens are never recognised in a text.

    Threads may share it. A call uses the calling thread only, since tasks run in parallel.

    Raises:
        ImportError: fastokens is not installed.
        ValueError: fastokens does not support a part of the tokenizer.
    """

    def __init__(self, tokenizer_json: str) -> None:
        os.environ.setdefault("FASTOKENS_BPE_THREADS", "1")  # read at the first encoding of a process
        from fastokens import Tokenizer

        self._tokenizer = Tokenizer.from_json_str(tokenizer_json)

    def encode(self, texts: pa.StringArray | pa.LargeStringArray) -> tuple[Uint32s, Integers]:
        """The ids of all (D,) texts without nulls, (T,), and how many each has, (D,)."""
        ids, ends = self._tokenizer.encode_batch_flat(texts.to_pylist(), split_special_tokens=True)
        bounds = np.frombuffer(ends, "<u8").astype(np.int64)
        return np.frombuffer(ids, "<u4"), bounds[1:] - bounds[:-1]


def not_for_fastokens(texts: pa.StringArray | pa.LargeStringArray) -> Truths:
    """(D,) which texts `tokenizers` must encode: those known to differ, and those longer than `LONGEST`."""
    long = pc.greater(pc.binary_length(texts), LONGEST)
    return pc.or_(long, pc.match_substring(texts, DIFFERENT)).to_numpy(zero_copy_only=False)
