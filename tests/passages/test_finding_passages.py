"""Which passages a document has, and which of them say the same."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from passages import plain_passages
from tricky_text import texts

from pipelines.passages.config import BoilerplateConfig, ParagraphsConfig, PassagesConfig, SentencesConfig
from pipelines.passages.finding import find
from pipelines.passages.site import site

EVERYTHING = PassagesConfig(
    sentences=SentencesConfig(window=2), paragraphs=ParagraphsConfig(), boilerplate=BoilerplateConfig()
)
LINE = "boilerplate"


def held(strings, config=EVERYTHING, sites=None, languages=None):
    """For each text: (kind, hash, the words of the passage)."""
    found = find(
        pa.array(strings, pa.string()),
        pa.array(languages or ["en"] * len(strings), pa.string()),
        sites or ["a.org"] * len(strings),
        config,
    )
    return [
        [(each["kind"], each["hash"], text[each["start"] : each["end"]]) for each in row]
        for text, row in zip(strings, found.column("held").to_pylist(), strict=True)
    ]


def said(strings, kind, **options):
    return [[text for name, _, text in row if name == kind] for row in held(strings, **options)]


def test_lines_paragraphs_and_windows_of_sentences():
    text = "Menu\n\nIt rains. It pours!\nThe end"
    assert said([text], LINE) == [["Menu", "It rains. It pours!", "The end"]]
    assert said([text], "paragraphs") == [["Menu", "It rains. It pours!\nThe end"]]
    assert said([text], "sentences") == [["Menu\n\nIt rains.", "It rains. It pours!", "It pours!\nThe end"]]


def test_lines_are_paragraphs_where_no_empty_line_separates_any():
    assert said(["One.\nTwo. Three.", "One.\n\nTwo.\nThree."], "paragraphs") == [
        ["One.", "Two. Three."],
        ["One.", "Two.\nThree."],
    ]


def test_a_document_of_fewer_sentences_than_a_window_has_none():
    config = PassagesConfig(sentences=SentencesConfig(window=3))
    assert held(["One. Two.", "One. Two. Three."], config)[0] == []
    assert said(["One. Two. Three."], "sentences", config=config) == [["One. Two. Three."]]


@pytest.mark.parametrize("text", ["", " \n\t\n", "\u2014 \u2014\n\u2026"])
def test_texts_without_words_have_no_passages(text):
    assert held([text]) == [[]]


def test_case_numbers_punctuation_accents_and_spaces_do_not_count():
    assert len({row[0][1] for row in held(["Page 3 of 10", "page 17  of 2", "(Pàge 1) of: 9!"])}) == 1


def test_other_words_in_another_order_or_place_are_another_passage():
    assert len({row[0][1] for row in held(["Page one of ten", "Page of one ten", "Pageone of ten"])}) == 3


def test_lines_are_compared_within_a_site_and_all_else_everywhere():
    one, other = held(["About us", "About us"], sites=["a.org", "b.org"])
    here, there = ({kind: digest for kind, digest, _ in row} for row in (one, other))
    assert here[LINE] != there[LINE]
    assert here["paragraphs"] == there["paragraphs"]
    assert here[LINE] != here["paragraphs"]


def test_passages_of_few_words_are_left_out_where_the_configuration_says_so():
    config = PassagesConfig(paragraphs=ParagraphsConfig(min_words=3))
    assert said(["Two words\nNow three words"], "paragraphs", config=config) == [["Now three words"]]


def test_rows_keep_their_order_and_their_language():
    strings = ["One. Two.", "一。二。", "Three.", "三"]
    together = held(strings, languages=["en", "zh", None, "zh"])
    assert together == [
        held([text], languages=[code])[0] for text, code in zip(strings, ["en", "zh", None, "zh"], strict=True)
    ]
    assert [text for kind, _, text in together[1] if kind == "sentences"] == ["一。二。"]


def test_no_texts_have_no_rows():
    assert find(pa.array([], pa.string()), pa.array([], pa.string()), [], EVERYTHING).num_rows == 0


@given(strings=st.lists(texts, min_size=1, max_size=3))
def test_places_and_equality_are_those_of_the_definitions(strings):
    found = held(strings)
    plain = [list(plain_passages.passages(text, "a.org", 2)) for text in strings]
    assert [[(kind, text) for kind, _, text in row] for row in found] == [
        [(kind, text[start:end]) for kind, _, _, start, end in row] for text, row in zip(strings, plain, strict=True)
    ]
    hashes = [digest for row in found for _, digest, _ in row]
    contents = [(kind, said) for row in plain for kind, _, said, _, _ in row]
    assert len(set(zip(hashes, contents, strict=True))) == len(set(hashes)) == len(set(contents))


@pytest.mark.parametrize(
    ("url", "source", "named"),
    [
        ("https://www.example.co.uk:8080/a?b", "web", "example.co.uk"),
        ("http://user@EXAMPLE.org/", "web", "example.org"),
        ("http://localhost/x", "web", "localhost"),
        ("http://10.0.0.1/x", "web", "10.0.0.1"),
        (None, "books", "source books"),
        ("", "books", "source books"),
        (None, None, "source "),
    ],
)
def test_a_site_is_a_registered_domain_or_else_a_source(url, source, named):
    assert site(url, source) == named
