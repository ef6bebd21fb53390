"""Gopher's quality measures: one text per rule, then any text against plain Python."""

import plain_rules
import pytest
from hypothesis import given
from measuring import measured, words
from tricky_text import texts

from pipelines.rules.stop_words import stop_words


def quality(text, language="en"):
    return measured(text, language)["gopher_quality"]


def test_symbols_are_not_counted_as_words():
    assert quality("Well , yes ! • £")["words"] == 4


def test_the_mean_length_leaves_symbols_out():
    assert quality("ab abcd ...")["mean_word_length"] == 3


def test_the_mean_length_is_undefined_without_words():
    assert quality("... !!!")["mean_word_length"] is None


def test_hashes_are_shared_by_all_words():
    assert quality("# one two")["hash_ratio"] == 1 / 3


def test_ellipses_of_dots_do_not_overlap():
    text = "a ...... b … c"
    assert quality(text)["ellipsis_ratio"] == 3 / len(words(text))


def test_bullets_are_looked_for_behind_leading_space():
    assert quality("• one\n  - two\nthree\n\n")["bullet_line_ratio"] == 2 / 4


def test_trailing_ellipses_are_looked_for_before_trailing_space():
    assert quality("one...  \ntwo…\nthree")["ellipsis_line_ratio"] == 2 / 3


def test_a_word_with_one_letter_in_it_is_alphabetic():
    assert quality("12a 34 漢 !")["alpha_word_ratio"] == 2 / 4


def test_stop_words_are_distinct_and_their_case_matters():
    assert quality("the the The of")["stop_words"] == 2


def test_stop_words_are_those_of_the_language():
    assert quality("der Hund und die Katze", "de")["stop_words"] == 3


def test_stop_words_are_undefined_for_languages_without_a_list():
    assert quality("the of and", "tlh")["stop_words"] is None


def test_ratios_of_an_empty_text_are_undefined():
    measures = quality("")
    assert measures.pop("words") == measures.pop("stop_words") == 0
    assert set(measures.values()) == {None}


def test_english_has_the_eight_published_stop_words():
    assert set(stop_words()["en"]) == {"the", "be", "to", "of", "and", "that", "have", "with"}


@pytest.mark.parametrize("language", sorted(stop_words()))
def test_every_listed_stop_word_is_one_word_of_its_language(language):
    listed = stop_words()[language]
    assert len(set(listed)) >= 8
    assert words(" ".join(listed), language) == list(listed)


@given(text=texts)
def test_any_text_measures_as_in_plain_python(text):
    assert quality(text) == plain_rules.gopher_quality(text, words(text), stop_words()["en"])
