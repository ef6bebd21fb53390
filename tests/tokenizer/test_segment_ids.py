import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, pre_tokenizers

from pipelines.kernels.batch import TextBatch
from pipelines.tokenizer import library, segment_ids
from pipelines.tokenizer.boundaries import boundaries, spells_bytes
from pipelines.tokenizer.library import EncodeEach, EncodeJoined, Marker, TokenSizes, encode_segments
from pipelines.tokenizer.load import parse
from pipelines.tokenizer.segment_ids import SegmentIds

KINDS = ["bpe", "unigram", "wordpiece"]
SEGMENTS = st.lists(
    st.text(st.sampled_from("abéß汉。 \n\t.,'1_€\x00🎉"), min_size=1, max_size=8)
    | st.sampled_from([" bird", "\nbird", "[UNK]", "[PAD]", "<|endoftext|>", " worm", "s" * 2000]),
    min_size=1,
    max_size=8,
)


def library_of(tokenizer) -> Tokenizer:
    made = Tokenizer.from_str(tokenizer.json)
    made.encode_special_tokens = True
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_joined_segments_have_the_ids_they_have_alone(kind, request):
    tokenizer = request.getfixturevalue(kind)
    places = boundaries(tokenizer.json)
    each = EncodeEach(library_of(tokenizer), tokenizer.dtype)
    joined = encode_segments(tokenizer.json, tokenizer.dtype, places)
    assert isinstance(joined, EncodeJoined)

    @settings(max_examples=200, deadline=None)
    @given(SEGMENTS)
    def holds(segments):
        expected, given_ids = each(segments), joined(segments)
        np.testing.assert_array_equal(given_ids[0], expected[0])
        np.testing.assert_array_equal(given_ids[1], expected[1])

    holds()


@pytest.mark.parametrize("divider", ["sizes", "marker"])
def test_many_segments_take_one_encoding(divider, bpe, monkeypatch):
    made = library_of(bpe)
    each = EncodeEach(made, bpe.dtype)
    calls = []
    monkeypatch.setattr(
        EncodeEach,
        "__call__",
        lambda self, texts, call=EncodeEach.__call__: calls.append(len(texts)) or call(self, texts),
    )
    how = TokenSizes(made.get_vocab()) if divider == "sizes" else Marker.of(made)
    EncodeJoined(each, boundaries(bpe.json), how)([" the", "bird", ",", "\tworm"])
    assert calls == [1]


def test_the_marker_in_a_text_is_no_marker(wordpiece):
    made = library_of(wordpiece)
    marker = Marker.of(made)
    each = EncodeEach(made, wordpiece.dtype)
    segments = [" the", marker.text, " bird"]
    ids, counts = EncodeJoined(each, boundaries(wordpiece.json), marker)(segments)
    np.testing.assert_array_equal(ids, each(segments)[0])
    assert counts.tolist() == [1, 1, len(ids) - 2]


def test_tokens_that_need_not_spell_bytes_are_not_measured_by_them(bpe, unigram, wordpiece):
    assert spells_bytes(bpe.json)
    assert spells_bytes(unigram.json)
    assert not spells_bytes(wordpiece.json)
    fields = json.loads(bpe.json)
    assert not spells_bytes(json.dumps(fields | {"normalizer": {"type": "NFC"}}))
    del fields["model"]["vocab"]["Ċ"]
    fields["model"]["merges"] = []
    assert not spells_bytes(json.dumps(fields))


def test_without_a_word_to_mark_with_each_segment_is_encoded_alone():
    fields = {"type": "WordLevel", "vocab": {"a": 0, "[UNK]": 1}, "unk_token": "[UNK]"}
    blank = Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], "model": fields}))
    blank.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = parse(blank.to_str())
    assert isinstance(encode_segments(tokenizer.json, tokenizer.dtype, boundaries(tokenizer.json)), EncodeEach)


def counted(tokenizer):
    """A memory whose encoder writes down what it is asked."""
    each, asked = EncodeEach(library_of(tokenizer), tokenizer.dtype), []

    def encode(texts):
        asked.extend(texts)
        return each(texts)

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


def test_long_texts_are_not_joined():
    assert library.JOINABLE >= segment_ids.LONGEST_REMEMBERED
