"""Sentences counted on interned words are those of spaCy's sentencizer on each line."""

from functools import cache

import pytest
import spacy
from hypothesis import given
from spacy.pipeline import Sentencizer
from tricky_text import texts

from pipelines.kernels.batch import TextBatch
from pipelines.words.lines import splitlines
from pipelines.words.punctuation import SENTENCE_MARKS
from pipelines.words.sentences import count_sentences
from pipelines.words.splitter import word_splitter


@cache
def sentencizer():
    model = spacy.blank("en")
    model.add_pipe("sentencizer")
    return model


def counted(text: str) -> int:
    batch = TextBatch.from_strings([text])
    words, chunks = word_splitter("en").with_chunks(batch)
    return int(count_sentences(batch, splitlines(batch), words, chunks)[0])


def expected(text: str) -> int:
    return sum(max(len(list(sentencizer()(line).sents)), 1) for line in text.splitlines())


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", 0),
        ("No end", 1),
        ("One. Two! Three?", 3),
        ('He said "go." Then he went.', 2),
        ("Wait... what?! Yes.", 2),
        ("At 10 a.m. we left.", 1),
        ("One.\nTwo.", 2),
        ("Two spaces behind.  ", 2),
        ("一。二。", 1),
    ],
)
def test_sentences_end_behind_marks(text, sentences):
    assert counted(text) == sentences == expected(text)


@given(text=texts)
def test_sentences_of_any_text_are_those_of_spacy(text):
    assert counted(text) == expected(text)


def test_the_marks_are_those_of_spacy():
    assert frozenset(Sentencizer.default_punct_chars) == SENTENCE_MARKS
