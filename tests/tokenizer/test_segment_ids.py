import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernels.batch import TextBatch
from pipelines.tokenizer import segment_ids
from pipelines.tokenizer.library import Library
from pipelines.tokenizer.segment_ids import SegmentIds


def counted(tokenizer):
    """A memory whose encoder writes down what it is asked."""
    library, asked = Library(tokenizer.json), []

    def encode(texts):
        asked.extend(texts)
        return library.encode_whole(texts)

    return SegmentIds(encode), asked


def look_up(memory, segments):
    batch = TextBatch.from_strings(segments)
    ids, counts = memory(batch.data, batch.begins, batch.ends)
    return [part.tolist() for part in np.split(ids, np.cumsum(counts)[:-1])]


def test_a_distinct_segment_is_encoded_once_unless_it_is_long(bpe):
    memory, asked = counted(bpe)
    long = "x" * (segment_ids.LONGEST_REMEMBERED + 1)
    first = look_up(memory, [" the", long, " bird", " the"])
    assert look_up(memory, [" bird", " the", long, " worm"])[:2] == [first[2], first[0]]
    assert asked == [" the", " bird", long, " worm", long]


def test_the_memory_starts_afresh_and_changes_nothing(bpe, monkeypatch):
    memory, asked = counted(bpe)
    before = look_up(memory, [" the", " bird"])
    monkeypatch.setattr(segment_ids, "SEGMENT_LIMIT", 1)
    assert look_up(memory, [" the", " bird"]) == before
    assert asked == [" the", " bird"] * 2


@settings(deadline=None)
@given(st.lists(st.text(max_size=9), max_size=9), st.integers(1, 9))
def test_groups_hold_every_segment_once(segments, together):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment_ids, "TOGETHER", together)
        groups = list(segment_ids._groups(segments))
    assert [segment for group in groups for segment in group] == segments
    assert all(len(group) == 1 or sum(map(len, group)) <= together for group in groups)
