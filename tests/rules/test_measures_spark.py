"""Measures on Spark are those of the arrays."""

import pyarrow as pa
from measuring import documents

from pipelines.kernels.slicing import slices
from pipelines.rules.config import MeasureConfig
from pipelines.rules.measures import measure
from pipelines.rules.spark import measures

TEXTS = ["A line that stays here.\nmenu", "", "Ein Satz mit der Katze und dem Hund.", "x" * 50]


def test_a_batch_is_cut_by_bytes_but_never_inside_a_row():
    batch = documents(["ab", "cdef", None, "gggg", "h" * 9])
    pieces = [piece.column("text").to_pylist() for piece in slices(batch, 4)]
    assert pieces == [["ab", "cdef"], [None, "gggg"], ["h" * 9]]


def test_slices_of_an_empty_batch_are_one_empty_batch():
    assert [piece.num_rows for piece in slices(documents([]), 4)] == [0]


def test_a_frame_of_documents_becomes_a_frame_of_measures(spark):
    batch = documents(TEXTS, ["en", "en", "de", None])
    frame = spark.createDataFrame(pa.Table.from_batches([batch])).repartition(3)
    found = measures(frame, MeasureConfig(), "run").frame().toArrow().sort_by("doc_id").to_pylist()
    assert found == measure(batch, MeasureConfig(), "run").to_pylist()
