"""Chooses the texts a tokenizer is trained on, from ids, sizes and a seed, independent of partitions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.keyed_hash import BITS


@dataclass(frozen=True)
class Choice:
    """The documents of a sample, in keyed order.

    `rows` are indices of candidates; of the last document only the first `last_bytes` bytes are used.
    """

    rows: np.ndarray
    last_bytes: int


def choose(hashes: np.ndarray, doc_ids: Sequence[str], sizes: np.ndarray, sample_bytes: int) -> Choice:
    """Takes documents in the order of (hash, doc_id) until they hold `sample_bytes` bytes.

    Args:
        hashes: (n,) int64, `keyed_hash(doc_id, seed, "sample")`.
        doc_ids: (n,).
        sizes: (n,) int64, UTF-8 bytes of each text.
        sample_bytes: exact size of the sample, if the candidates hold that much.
    """
    order = np.array(sorted(range(len(doc_ids)), key=lambda row: (hashes[row], doc_ids[row])), np.int64)
    ends = np.cumsum(sizes[order])
    count = min(int(np.searchsorted(ends, sample_bytes)) + 1, len(order))
    if count == 0:
        return Choice(order, 0)
    before = int(ends[count - 1] - sizes[order[count - 1]])
    return Choice(order[:count], min(int(sizes[order[count - 1]]), sample_bytes - before))


def first_guess(total_bytes: int, sample_bytes: int) -> int:
    """A bound on hashes such that the documents below it usually hold somewhat more than `sample_bytes`."""
    return min(1 << BITS, (sample_bytes * (1 << BITS)) // max(total_bytes, 1) * 5 // 4 + 1)


def prefix(text: str, size: int) -> str:
    """The longest prefix of `text` of at most `size` UTF-8 bytes."""
    return text.encode()[:size].decode(errors="ignore")
