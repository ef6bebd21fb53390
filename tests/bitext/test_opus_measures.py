"""OpusFilter's measures: published values, and the plain definitions on any text."""

import math

import pytest
from bitext.measured import measures, of, plain_opus
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.bitext.rules.opus import LIMIT

TEXTS = st.text(st.sampled_from("abcÄß \n0123.…?!<>漢и\u00a0\u0301😀"), max_size=40)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8))
def test_kernels_equal_the_plain_definitions(pairs):
    for row, pair in zip(measures(pairs), pairs, strict=True):
        expected = plain_opus(*pair)
        assert {name: row["opus"][name] for name in expected} == pytest.approx(expected)


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("ab \n"), max_size=30), st.integers(1, 6))
def test_repetitions_equal_the_expression_on_texts_that_repeat(piece, times):
    text = piece * times
    assert of(text)["opus"]["source_repetitions"] == plain_opus(text, "")["source_repetitions"]


def test_a_pair_of_sentences():
    found = of("Tom paid 20 dollars for it.", "Tom bezahlte 25 Dollar dafür!!")["opus"]
    assert (found["source_words"], found["target_words"], found["length_ratio"]) == (6, 5, 1.2)
    assert (found["source_longest_word"], found["target_longest_word"]) == (7, 8)
    assert found["source_average_word_length"] == pytest.approx(22 / 6)
    assert found["source_alphabet_ratio"] == pytest.approx(19 / 27)
    assert found["terminal_punctuation"] == pytest.approx(-math.log(3))
    assert found["numerals"] == pytest.approx(2 / 3)
    assert found["common_substring"] == pytest.approx(5 / 27)


@pytest.mark.parametrize(
    ("text", "is_tag"),
    [
        ("a <b>bold</b> word", True),
        ("line<br/>break", True),
        ("3 < 4 and 5 > 2", False),
        ("an end </b> only", False),
        ("<!-- a comment -->", False),
        ("I <3 you", False),
    ],
)
def test_an_element_is_one_that_an_html_parser_finds(text, is_tag):
    assert of(text)["opus"]["source_html_tag"] is is_tag


def test_the_script_is_that_of_the_language():
    found = of("Это Latin.", "漢字かな", ("ru", "ja"))["opus"]
    assert (found["source_script_ratio"], found["target_script_ratio"]) == (3 / 8, 1.0)


def test_a_language_of_several_scripts_is_not_measured_for_its_script():
    assert of("Добар дан", "Good day", ("sr", "en"))["opus"]["source_script_ratio"] is None


def test_sides_over_the_limit_are_not_compared_with_each_other():
    found = of("a" * (LIMIT + 1), "a")["opus"]
    assert (found["common_substring"], found["similarity"]) == (None, None)
    assert of("a" * LIMIT, "a" * LIMIT)["opus"]["similarity"] == 1.0


def test_a_common_substring_is_found_also_in_long_texts_where_every_character_is_frequent():
    text = "abcde " * 60
    assert of(text, text)["opus"]["common_substring"] == 1.0


def test_languages_are_identified_when_asked():
    (row,) = measures([("This is a sentence in English.", "Это предложение по-русски.")], ("en", "ru"), identify=True)
    assert (row["language"]["source_detected"], row["language"]["target_detected"]) == ("en", "ru")
    assert of("This is a sentence.")["language"]["source_detected"] is None
