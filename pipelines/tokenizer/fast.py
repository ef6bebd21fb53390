"""The ids that fastokens gives: byte-level BPE at many times the speed of `tokenizers`.

fastokens (Apache-2.0) reads BPE with the normalisers NFC, Lowercase, Prepend and Replace, and splits by ByteLevel,
Split and Digits; for anything else it cannot be made. The expressions of GPT-2, cl100k, Llama 3, Qwen 2 and o200k are
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
"""A contraction by case folding: behind one, o200k's expression is followed wrongly by 0.3.5 (`s'ſ'S's`)."""


class Fast:
    """fastokens, for a tokenizer.json that it reads; special tokens are never recognised in a text.

    Threads may share it. Each call stays on the thread that makes it: tasks are what runs side by side.

    Raises:
        ImportError: fastokens is not installed.
        ValueError: a part of the tokenizer is not known to it.
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
    """Which of (D,) texts the library encodes all the same: those known to differ, and those that it would cut."""
    long = pc.greater(pc.binary_length(texts), LONGEST)
    return pc.or_(long, pc.match_substring(texts, DIFFERENT)).to_numpy(zero_copy_only=False)
