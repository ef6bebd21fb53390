"""The keyed hash behind every sample, split and shuffle: the same number in Python and in Spark SQL.

A row's place follows from its own id and a seed, never from the task or the file that it came through.
`purpose` separates the uses of one seed, so that the held-out split says nothing about the shuffle.
"""

from hashlib import sha256

BITS = 60
"""Width of a hash: fits a signed 64-bit integer and 15 hex digits."""


def keyed_hash(text: str, seed: int, purpose: str) -> int:
    """The first 60 bits of SHA-256 over `seed/purpose:text` in UTF-8: an integer in [0, 2**60)."""
    return int.from_bytes(sha256(f"{seed}/{purpose}:{text}".encode()).digest()[:8], "big") >> 4


def keyed_hash_sql(column: str, seed: int, purpose: str) -> str:
    """`keyed_hash` of a string column as a Spark SQL expression of type bigint."""
    digest = f"sha2(concat('{seed}/{purpose}:', `{column}`), 256)"
    return f"cast(conv(substring({digest}, 1, {BITS // 4}), 16, 10) as bigint)"


def threshold(fraction: float) -> int:
    """The bound below which a share `fraction` of all hashes lies."""
    return int(fraction * (1 << BITS))
