import numpy as np
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.xxh64 import hash_ranges


@given(st.binary(max_size=200))
def test_every_range_hashes_as_the_reference_does(data):
    # Every length from 0 up, at every alignment.
    buffer = np.frombuffer(data + b"\0", np.uint8).copy()
    starts, ends = (side.astype(np.int64) for side in np.triu_indices(len(data) + 1))
    hashes = hash_ranges(buffer, starts, ends)
    assert hashes.tolist() == [xxhash.xxh64_intdigest(data[a:b]) for a, b in zip(starts, ends, strict=True)]


def test_published_value_of_a_shingle():
    data = np.frombuffer(b"the quick brown fox jumps", np.uint8).copy()
    assert hash_ranges(data, np.array([0]), np.array([len(data)])).tolist() == [7797000677988824208]
