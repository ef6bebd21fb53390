"""Which split and shard a document belongs to, and the order of sequences: functions of ids and a seed.

The global shuffle is the classic external one: a keyed hash scatters the documents over shards, each shard is shuffled
by keyed hashes, and the shards follow one another. What is written in order of position is thus read in random order.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np

from pipelines.keyed_hash import keyed_hash, keyed_hash_sql, threshold

HELDOUT = "heldout"
TRAIN = "train"


def split_sql(heldout: float, seed: int) -> str:
    """The split of a document by its `split_group_id`, as a Spark SQL expression: no group is in both."""
    return f"if({keyed_hash_sql('split_group_id', seed, HELDOUT)} < {threshold(heldout)}, '{HELDOUT}', '{TRAIN}')"


def split_of(split_group_id: str, heldout: float, seed: int) -> str:
    """`split_sql` of one group, in Python."""
    return HELDOUT if keyed_hash(split_group_id, seed, HELDOUT) < threshold(heldout) else TRAIN


def shard_sql(shards: int, seed: int) -> str:
    """The shard of a document by its `doc_id`, in [0, `shards`), as a Spark SQL expression of type int."""
    return f"cast({keyed_hash_sql('doc_id', seed, 'shard')} % {shards} as int)"


def shards(total_tokens: int, shard_tokens: int) -> int:
    """Number of shards for a split of `total_tokens` (separators included)."""
    return -(-total_tokens // shard_tokens)


def shuffled(identifiers: Sequence[str], seed: int, purpose: str) -> np.ndarray:
    """(n,) int64: the permutation that puts identifiers in the order of (keyed hash, identifier)."""
    keys = sorted((keyed_hash(each, seed, purpose), each, row) for row, each in enumerate(identifiers))
    return np.fromiter((row for _, _, row in keys), np.int64, len(keys))


def sequence_id(name: str, pieces: Iterable[tuple[str, int, int]]) -> str:
    """32 hex digits of BLAKE2b over the table's name and the pieces (doc_id, start, stop) of a row, in order."""
    digest = blake2b(name.encode(), digest_size=16)
    for doc_id, start, stop in pieces:
        digest.update(f"\n{doc_id} {start} {stop}".encode())
    return digest.hexdigest()
