import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernels.batch import TextBatch
from pipelines.tokenizer import segments
from pipelines.tokenizer.boundaries import boundaries
from pipelines.tokenizer.characters import CLASSES, MAIN_PLANE
from pipelines.tokenizer.segments import STATES, cut

NO_CLASSES = np.zeros(MAIN_PLANE, np.uint8)
NO_PAIRS = np.zeros((STATES, CLASSES), np.uint8)
TEXTS = st.lists(st.text(st.sampled_from("aé汉🎉1., \n\t"), max_size=30), max_size=4)


def parts(texts, classes, pairs, longest):
    data = "".join(texts).encode()
    return [
        (row, data[begin:end])
        for each in cut(TextBatch.from_strings(texts), classes, pairs, longest)
        for begin, end, row in zip(each.begins, each.ends, each.rows.tolist(), strict=True)
    ]


@settings(deadline=None)
@given(TEXTS, st.integers(4, 12))
def test_no_text_is_lost_no_segment_is_too_long_and_none_ends_inside_a_character(texts, longest):
    found = parts(texts, NO_CLASSES, NO_PAIRS, longest)
    assert all(0 < len(part) <= longest for _, part in found)
    assert [b"".join(part for row, part in found if row == each) for each in range(len(texts))] == [
        text.encode() for text in texts
    ]
    assert "".join(part.decode() for _, part in found) == "".join(texts)


@settings(deadline=None)
@given(texts=TEXTS, longest=st.integers(4, 40), most=st.integers(3, 9))
def test_how_many_segments_are_looked_at_together_changes_none(bpe, texts, longest, most):
    places = boundaries(bpe.json)
    together = parts(texts, places.classes, places.pairs, longest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "MOST", most)
        assert parts(texts, places.classes, places.pairs, longest) == together


def test_without_a_boundary_a_cut_falls_behind_white_space(bpe):
    classes = boundaries(bpe.json).classes
    assert [part for _, part in parts(["abc de1 fgh"], classes, NO_PAIRS, 6)] == [b"abc ", b"de1 ", b"fgh"]
