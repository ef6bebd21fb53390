"""Words of rewritten texts without looking at them again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.kernels.batch import TextBatch
from pipelines.rules import c4
from pipelines.rules.config import MeasureConfig
from pipelines.rules.rewritten_words import rewritten_words
from pipelines.words.interning import ChunkInterner
from pipelines.words.lines import splitlines
from pipelines.words.spacy_words import split_chunks
from pipelines.words.splitter import word_splitter

GOOD = "It is known [1] that many words (and marks!) make a line."
LINES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.sampled_from(
        [GOOD, "too short", "", "  \t", "[edit]", "a [citation needed]b c d", "x" * 1005, "uses javascript"]
    ),
)
ENDS = st.sampled_from(["\n", "\r\n", "\u2028", "\x1d", "\n\n"])


def assert_same(texts, config, splitter):
    batch = TextBatch.from_strings(texts)
    words, chunks = splitter.with_chunks(batch)
    rewritten = c4.rewrite(batch, splitlines(batch), config)
    found, where = rewritten_words(splitter, words, chunks, rewritten)
    expected, places = splitter.with_chunks(rewritten.texts)
    spelled = [[each.vocabulary.strings[word] for word in each.ids] for each in (found, expected)]
    assert spelled[0] == spelled[1]
    assert found.offsets.tolist() == expected.offsets.tolist()
    for name in ("begins", "ends", "offsets", "word_offsets"):
        assert getattr(where, name).tolist() == getattr(places, name).tolist(), name


@given(
    st.lists(st.lists(st.tuples(LINES, ENDS), max_size=6), max_size=4),
    st.builds(MeasureConfig, max_word_length=st.sampled_from([0, 8, 1000]), min_words_per_line=st.integers(0, 3)),
)
def test_words_and_chunks_are_those_of_the_rewritten_texts(documents, config):
    texts = ["".join(line + end for line, end in document) for document in documents]
    assert_same(texts, config, word_splitter("en"))


@pytest.mark.parametrize("limit", [0, 3])
def test_a_splitter_that_starts_afresh_in_between_changes_nothing(limit):
    splitter = ChunkInterner(lambda chunks: split_chunks(chunks, "en"), limit)
    assert_same([f"{GOOD}\n{GOOD} Once more.", "one two\nthree four five"], MeasureConfig(), splitter)
