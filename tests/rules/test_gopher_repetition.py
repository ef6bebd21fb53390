"""Gopher's repetition measures: one text per rule, then any text against plain Python."""

import plain_rules
import pytest
from hypothesis import given
from measuring import measured, words
from tricky_text import texts


def repetition(text):
    return measured(text)["gopher_repetition"]


def test_a_repeated_paragraph_counts_once_for_each_repeat():
    assert repetition("One.\n\nTwo.\n\nOne.\n\nOne.")["dup_para_frac"] == 2 / 4


def test_characters_of_repeated_paragraphs_are_shared_by_the_whole_text():
    text = "Once more.\n\nOnce more."
    assert repetition(text)["dup_para_char_frac"] == len("Once more.") / len(text)


def test_repeated_lines_are_counted_between_runs_of_newlines():
    assert repetition("a\n\nb\na")["dup_line_frac"] == 1 / 3


def test_a_text_of_newlines_is_two_equal_empty_lines():
    assert repetition("\n\n\n")["dup_line_frac"] == 0.5


def test_characters_of_repeated_lines_are_shared_by_the_whole_text():
    assert repetition("été\nété")["dup_line_char_frac"] == 3 / 7


@pytest.mark.parametrize(("n", "n_gram"), [(2, "a b"), (3, "a b c"), (4, "a b c d")])
def test_the_top_n_gram_is_measured_with_its_spaces(n, n_gram):
    text = f"{n_gram} x {n_gram} y"
    assert repetition(text)[f"top_{n}_gram"] == 2 * len(n_gram) / len(text)


def test_among_equally_frequent_n_grams_the_first_seen_is_measured():
    text = "a b longer words"
    assert repetition(text)["top_2_gram"] == len("a b") / len(text)


def test_the_only_n_gram_of_a_short_text_counts_although_it_is_not_repeated():
    assert repetition("alpha beta")["top_2_gram"] == 1.0


@pytest.mark.parametrize("n", range(5, 11))
def test_a_repeated_long_n_gram_is_measured_without_spaces(n):
    n_gram = " ".join(f"w{i}" for i in range(n))
    text = f"{n_gram} {n_gram}"
    assert repetition(text)[f"duplicated_{n}_n_grams"] == len(n_gram.replace(" ", "")) / len(text)


def test_n_grams_that_are_equal_when_written_together_are_duplicates():
    text = "ab c d e f x a bc d e f"
    assert repetition(text)["duplicated_5_n_grams"] == len("abcdef") / len(text)


def test_n_grams_of_one_hash_are_not_duplicates_unless_they_are_equal():
    """Thue-Morse words of 2,048 letters and their complements: every polynomial hash modulo 2^64 is the same."""
    bits = [number.bit_count() % 2 for number in range(2048)]
    word, complement = ("".join(letters[bit] for bit in bits) for letters in ("ab", "ba"))
    assert repetition(f"one two three four {word} one two three four {complement}")["duplicated_5_n_grams"] == 0


def test_fewer_words_than_an_n_gram_repeat_nothing():
    assert repetition("one two")["top_3_gram"] == 0
    assert repetition("one two")["duplicated_5_n_grams"] == 0


def test_shares_of_an_empty_text_are_undefined():
    measures = repetition("")
    assert measures.pop("dup_para_frac") == measures.pop("dup_line_frac") == 0
    assert set(measures.values()) == {None}


@given(text=texts)
def test_any_text_measures_as_in_plain_python(text):
    assert repetition(text) == plain_rules.gopher_repetition(text, words(text))
