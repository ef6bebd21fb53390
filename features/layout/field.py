"""The names of an entity's fields in the online store (feast 0.67, infra/online_stores/redis.py)."""

import mmh3


def feature_field(view: str, feature: str) -> bytes:
    """The 4 bytes that name a feature: MurmurHash3 (x86, 32 bits, seed 0) of `view:feature`, little-endian."""
    return mmh3.hash(f"{view}:{feature}", signed=False).to_bytes(4, "little")


def timestamp_field(view: str) -> bytes:
    """The name of the field that holds the event time of a view's values."""
    return b"_ts:" + view.encode()
