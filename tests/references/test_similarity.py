"""Pairs of a reference document and its candidates, as rows that follow each other."""

import pyarrow as pa
import pytest

from pipelines.dedup.config import MinHashConfig
from pipelines.references.similarity import SCHEMA, Comparison

WORDS = [f"{first}{second}o" for first in "bdfgklmn" for second in "bdfgklmn"]
WHOLE = " ".join(WORDS)
NEAR = " ".join(WORDS[4:])  # 56 of 60 shingles
FAR = " ".join(WORDS[32:])  # 28 of 60

ROWS = [
    ("r1", 1, None, WHOLE),
    ("r1", 2, "far", FAR),
    ("r1", 3, "near", NEAR),
    ("r2", 1, None, FAR),
    ("r2", 2, "far", FAR),
    ("r3", 1, None, ""),
    ("r3", 2, "near", NEAR),
]
PAIRS = [("far", "r1", 0.0), ("near", "r1", 56 / 60), ("far", "r2", 1.0), ("near", "r3", 0.0)]


def compared(rows, size):
    compare = Comparison(MinHashConfig())
    batches = [compare(batch(rows[begin : begin + size])) for begin in range(0, len(rows), size)]
    return [tuple(row.values()) for row in pa.Table.from_batches(batches, SCHEMA).to_pylist()]


def batch(rows):
    types = (pa.string(), pa.int32(), pa.string(), pa.string())
    columns = [pa.array(column, dtype) for column, dtype in zip(zip(*rows, strict=True), types, strict=True)]
    return pa.RecordBatch.from_arrays(columns, ["cluster_id", "place", "doc_id", "text"])


@pytest.mark.parametrize("size", range(1, len(ROWS) + 1))
def test_a_batch_may_end_anywhere(size):
    assert compared(ROWS, size) == PAIRS


def test_pairs_below_the_threshold_are_told_so_that_none_is_lost():
    assert {(doc_id, reference) for doc_id, reference, _ in compared(ROWS, 3)} == {
        (doc_id, reference) for reference, _, doc_id, _ in ROWS if doc_id
    }


def test_where_the_reference_document_is_absent_its_pairs_are_too():
    assert compared([("r1", 1, "near", NEAR), ("r1", 2, "far", FAR), *ROWS[3:5]], 2) == [("far", "r2", 1.0)]


@pytest.mark.parametrize("rows", [[ROWS[0], ROWS[2]], [ROWS[1]], [ROWS[0], ROWS[1], ROWS[3], ROWS[2]]])
def test_an_engine_that_lost_the_order_is_noticed(rows):
    with pytest.raises(ValueError, match="came after row"):
        compared(rows, 2)
