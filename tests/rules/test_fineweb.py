"""FineWeb's measures: one text per rule, then any text against plain Python."""

import plain_rules
import pytest
from hypothesis import given
from measuring import after_c4, measured, words
from tricky_text import texts


def fineweb(text, **config):
    return measured(text, **config)["fineweb"]


@pytest.mark.parametrize("text", ["", "\n \n\t", "\u3000"])
def test_a_blank_text_has_no_lines(text):
    assert fineweb(text)["lines"] == 0
    assert fineweb(text)["line_punct_ratio"] is None


@pytest.mark.parametrize("line", ["Ends.", "Ends?", "終わり。", "समाप्त।"])
def test_lines_that_end_in_terminal_punctuation_of_any_script_count(line):
    assert fineweb(f"{line}\nno end")["line_punct_ratio"] == 0.5


@pytest.mark.parametrize("line", ["Ends. ", 'Ends."', "Ends.\r", "Ends…", "Ends:"])
def test_a_space_or_quote_behind_the_mark_hides_it(line):
    assert fineweb(f"{line}\nEnds.")["line_punct_ratio"] == 0.5


def test_a_line_of_just_the_length_is_short():
    assert fineweb("é" * 30 + "\n" + "é" * 31)["short_line_ratio"] == 0.5


def test_the_length_of_a_short_line_is_configured():
    assert fineweb("four\nfiver", short_line_length=4)["short_line_ratio"] == 0.5


def test_characters_of_repeated_lines_are_shared_by_all_but_newlines():
    assert fineweb("same\nsame\n\nother")["char_dup_ratio"] == 4 / 13


def test_newlines_are_shared_by_words():
    assert fineweb("one\ntwo\n\nthree four")["list_ratio"] == 3 / 4


def test_measures_are_taken_on_the_text_as_read_and_on_what_c4_leaves_of_it():
    measures = measured("A line that stays here.\nmenu\nA line that ends here.")
    assert (measures["fineweb"]["lines"], measures["fineweb"]["list_ratio"]) == (3, 2 / 13)
    assert (measures["c4_fineweb"]["lines"], measures["c4_fineweb"]["list_ratio"]) == (2, 1 / 12)


@given(text=texts)
def test_any_text_measures_as_in_plain_python(text):
    measures = measured(text)
    for name, onward in (("fineweb", text), ("c4_fineweb", after_c4(measures))):
        assert measures[name] == plain_rules.fineweb(onward, words(onward), 30)
