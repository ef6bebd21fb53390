"""Copies of values by their addresses are those that indexing gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.feed.memory import address_of, gather, gather_lists, spans, values_at

counts = st.lists(st.integers(0, 7), max_size=30)


@given(counts, st.integers(1, 8), st.data())
def test_spans_count_from_each_start(sizes, step, data):
    starts = data.draw(st.lists(st.integers(0, 1000), min_size=len(sizes), max_size=len(sizes)))
    expected = [start + step * number for start, size in zip(starts, sizes, strict=True) for number in range(size)]
    assert spans(np.array(starts, np.int64), np.array(sizes, np.int64), step).tolist() == expected


@given(st.lists(st.integers(0, 92), max_size=40), st.sampled_from(["<u2", "<i4", "<u4", "V8"]))
def test_values_at_any_address_aligned_or_not(offsets, dtype):
    buffer = np.frombuffer(np.random.default_rng(1).bytes(100), np.uint8)
    size = np.dtype(dtype).itemsize
    found = gather(address_of(buffer) + np.array(offsets, np.int64), dtype)
    assert found.dtype == np.dtype(dtype)
    assert found.tobytes() == b"".join(buffer[at : at + size].tobytes() for at in offsets)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 90), st.integers(0, 5)), max_size=30))
def test_lists_of_several_buffers(wanted):
    buffers = [np.arange(100, dtype=np.int32), -np.arange(100, dtype=np.int32)]
    at = np.array([address_of(buffers[which]) + 4 * start for which, start, _ in wanted], np.int64)
    sizes = np.array([size for *_, size in wanted], np.int64)
    expected = [value for which, start, size in wanted for value in buffers[which][start : start + size].tolist()]
    assert gather_lists(at, sizes, "<i4").tolist() == expected


@given(st.lists(st.integers(0, 60), min_size=1, max_size=20), st.lists(st.integers(0, 19), max_size=20))
def test_a_view_of_values_is_indexed_by_places(offsets, wanted):
    buffer = np.frombuffer(np.random.default_rng(1).bytes(100), np.uint8)
    values, places = values_at(address_of(buffer) + np.array(offsets, np.int64), "V32")
    chosen = [each % len(offsets) for each in wanted]
    found = values[places[chosen]] if chosen else []
    assert [bytes(each) for each in found] == [buffer[offsets[n] : offsets[n] + 32].tobytes() for n in chosen]


def test_the_last_byte_of_a_buffer_is_not_passed():
    page = np.zeros(4096, np.uint8)
    values, places = values_at(np.array([address_of(page) + 4096 - 8]), "V8")
    assert len(values) == 1
    assert places.tolist() == [0]
