"""A batch of texts as one UTF-8 buffer, which kernels read instead of Python strings.

Shapes: B bytes, D documents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from pipelines.kernels.arrays import Bytes, Integers, Truths


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Text d is the UTF-8 of `data[begins[d]:ends[d]]`. Texts may have gaps between them and any order."""

    data: Bytes  # (B,), read-only: the kernels are compiled for that
    begins: Integers  # (D,)
    ends: Integers  # (D,)

    def __post_init__(self) -> None:
        view = self.data.view()
        view.flags.writeable = False
        object.__setattr__(self, "data", view)

    def __len__(self) -> int:
        return len(self.begins)

    @classmethod
    def from_arrow(cls, texts: pa.StringArray | pa.LargeStringArray) -> Self:
        """Shares the Arrow buffers without copying; null becomes the empty text."""
        if texts.null_count:
            texts = texts.fill_null("")
        width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
        _, offsets, data = texts.buffers()
        if offsets is None or data is None or len(texts) == 0:
            nothing = np.zeros(len(texts), np.int64)
            return cls(np.empty(0, np.uint8), nothing, nothing)
        bounds = np.frombuffer(offsets, width)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
        return cls(np.frombuffer(data, np.uint8), bounds[:-1], bounds[1:])

    @classmethod
    def from_strings(cls, texts: Sequence[str]) -> Self:
        return cls.from_arrow(pa.array(texts, pa.large_string()))

    def to_arrow(self, present: Truths | None = None) -> pa.LargeStringArray:
        """The texts without gaps; null where `present` (D,) is false."""
        lengths = self.ends - self.begins
        if present is not None:
            lengths = np.where(present, lengths, 0)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        pieces = [self.data[begin : begin + length] for begin, length in zip(self.begins, lengths, strict=True)]
        data = np.concatenate(pieces) if pieces else np.empty(0, np.uint8)
        mask = None if present is None else pa.array(present).buffers()[1]
        buffers = [mask, pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.Array.from_buffers(pa.large_string(), len(self), buffers)

    def strings(self) -> list[str]:
        """The texts as Python strings."""
        data = self.data.data
        return [
            str(data[begin:end], "utf-8") for begin, end in zip(self.begins.tolist(), self.ends.tolist(), strict=True)
        ]

    def take(self, rows: Integers) -> Self:
        """The texts of `rows`, in that order, sharing the buffer."""
        return type(self)(self.data, self.begins[rows], self.ends[rows])
