"""Sentences lie where spaCy's sentencizer finds them in each line."""

from functools import cache

import numpy as np
import pytest
import spacy
from hypothesis import given
from tricky_text import texts

from pipelines.kernels.batch import TextBatch
from pipelines.words.lines import splitlines
from pipelines.words.sentence_spans import sentence_spans
from pipelines.words.splitter import word_splitter


@cache
def sentencizer():
    model = spacy.blank("en")
    model.add_pipe("sentencizer")
    return model


def spans(*strings):
    batch = TextBatch.from_strings(strings)
    return batch, sentence_spans(batch, splitlines(batch), *word_splitter("en").with_chunks(batch))


def cut(text):
    batch, found = spans(text)
    starts, ends = found.code_points(batch)
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def expected(text):
    found = [str(sentence).strip() for line in text.splitlines() for sentence in sentencizer()(line).sents]
    return [sentence for sentence in found if sentence]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        (" \n ", []),
        (" No end ", ["No end"]),
        ("One. Two!\nThree? é four", ["One.", "Two!", "Three?", "é four"]),
        ('He said "go." Then he went.', ['He said "go."', "Then he went."]),
        ("It ended.Then it began.", ["It ended.", "Then it began."]),
        ("一。二。", ["一。二。"]),
    ],
)
def test_sentences_are_cut_without_the_whitespace_around_them(text, sentences):
    assert cut(text) == sentences == expected(text)


@given(text=texts)
def test_sentences_of_any_text_are_those_of_spacy(text):
    assert cut(text) == expected(text)


def test_each_line_says_which_sentences_are_its_own():
    _, found = spans("One. Two.\n\nThree.", "", "Four.")
    assert found.of_lines.tolist() == [0, 2, 2, 3, 4]
    assert found.offsets.tolist() == [0, 3, 3, 4]


def test_words_are_counted_by_sentence():
    _, found = spans("It rains, they say. So what?")
    assert found.words.tolist() == [6, 3]
    assert np.array_equal(found.offsets, [0, 2])
