"""A batch of texts shares Arrow's buffers and gives the same texts back."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from tricky_text import batches

from pipelines.kernels.batch import TextBatch


@given(texts=batches)
def test_texts_come_back_as_they_went_in(texts):
    assert TextBatch.from_strings(texts).strings() == texts


@pytest.mark.parametrize("dtype", [pa.string(), pa.large_string()])
def test_slices_and_nulls_of_arrow_arrays_are_understood(dtype):
    array = pa.array(["left out", "é", None, "", "z"], dtype).slice(1)
    assert TextBatch.from_arrow(array).strings() == ["é", "", "", "z"]


def test_arrow_bytes_are_not_copied():
    array = pa.array(["some", "text"])
    assert TextBatch.from_arrow(array).data.ctypes.data == array.buffers()[2].address


def test_an_empty_batch_has_no_texts():
    assert TextBatch.from_arrow(pa.array([], pa.string())).strings() == []


def test_rows_are_taken_in_any_order():
    assert TextBatch.from_strings(["a", "bb", "ccc"]).take(np.array([2, 0])).strings() == ["ccc", "a"]


def test_absent_texts_become_null():
    batch = TextBatch.from_strings(["a", "b"])
    assert batch.to_arrow(np.array([True, False])).to_pylist() == ["a", None]
