"""What a batch says of its documents."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.feed.batch import Batch

LENGTH = 12


def batch_of(documents):
    """A batch with the lengths of documents of each row."""
    counts = np.array([len(row) for row in documents])
    lengths = np.array([length for row in documents for length in row], np.int32)
    none = np.zeros(len(documents), np.int64)
    ids = np.arange(len(documents) * LENGTH, dtype=np.uint16).reshape(-1, LENGTH)
    return Batch.of(ids, lengths, counts, none, none, none, 0, 0)


@st.composite
def rows_of_documents(draw):
    ends = st.lists(st.integers(1, LENGTH), max_size=5, unique=True)
    return [np.diff(sorted(row), prepend=0).tolist() for row in draw(st.lists(ends, min_size=1, max_size=5))]


@given(rows_of_documents())
def test_positions_documents_and_segments_say_the_same(documents):
    batch = batch_of(documents)
    positions, numbers = [], []
    for row in documents:
        padding = LENGTH - sum(row)
        positions.append([place for length in (*row, padding) for place in range(length)])
        numbers.append([n for n, length in enumerate(row) for _ in range(length)] + [-1] * padding)
    assert batch.positions().tolist() == positions
    assert batch.documents().tolist() == numbers
    starts = np.flatnonzero(batch.positions().ravel() == 0).tolist()
    assert batch.cu_seqlens().tolist() == [*starts, batch.ids.size]
    assert batch.tokens == sum(map(sum, documents))
