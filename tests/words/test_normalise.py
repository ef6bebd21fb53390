"""Normalised words are datatrove's `simplify_text`, then spaCy's words, found chunk by chunk."""

from functools import cache

import pytest
import spacy
from hypothesis import given
from tricky_text import texts

from pipelines.words.normalise import PUNCTUATION, TERMINAL_PUNCTUATION, normalised_splitter, simplify


def words(text: str) -> list[str]:
    found = normalised_splitter("en")([text])
    return [found.vocabulary.strings[word] for word in found.ids]


def words_of_whole_text(text: str) -> list[str]:
    return [token.text.strip() for token in spacy_tokenizer()(simplify(text)) if token.text.strip()]


@cache
def spacy_tokenizer():
    return spacy.blank("en").tokenizer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234.56", "0 0"),
        ("12,5 %", "0"),
        ("٣٤", "0"),
        ("Café", "cafe"),
        ("E\u0301t\u00e9", "ete"),
        ("a • b", "a • b"),
        ("a\u200bb", "a\u200bb"),
        ("  Tabs\tand\n\nnewlines ", "tabs and newlines"),
        ("“Quoted”—dashed…", "quoted dashed"),
        ("2024-01-31", "0 0 0"),
        ("", ""),
    ],
)
def test_simplified_text_keeps_what_matters_for_comparison(text, expected):
    assert simplify(text) == expected


def test_punctuation_has_the_sizes_of_the_reference():
    assert len(PUNCTUATION) == 129
    assert len(TERMINAL_PUNCTUATION) == 159
    assert len(PUNCTUATION | TERMINAL_PUNCTUATION) == 281


@pytest.mark.parametrize("inside", "\"'’…$–—\x00\x7f")
def test_punctuation_holds_quotes_dashes_and_controls(inside):
    assert (inside in PUNCTUATION) is (inside not in "–—" or ord(inside) in (0x2013, 0x2014))


@pytest.mark.parametrize("outside", "•·‘€£→©\t\n")
def test_punctuation_leaves_out_other_marks(outside):
    assert outside not in PUNCTUATION


@pytest.mark.parametrize("outside", '"…:;')
def test_terminal_punctuation_leaves_out_quotes_and_ellipses(outside):
    assert outside not in TERMINAL_PUNCTUATION


@given(text=texts)
def test_words_of_chunks_are_the_words_of_the_whole_text(text):
    assert words(text) == words_of_whole_text(text)


def test_words_of_real_chunks_are_the_words_of_the_whole_text(shared_data):
    for line in (shared_data / "wikitext2" / "test.txt").read_text("utf-8").splitlines()[:800]:
        assert words(line) == words_of_whole_text(line)


def test_texts_that_differ_only_in_numbers_case_and_accents_become_equal():
    assert words("Invoice 17: CAFÉ, 3.50") == words("invoice 2,000 café — 4")
