"""C4: one text per line rule and document rule, then any text and configuration against plain Python."""

import plain_rules
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measuring import after_c4, measured
from pydantic import ValidationError
from tricky_text import texts

from pipelines.rules.config import MeasureConfig

GOOD = "A line that stays here."

configs = st.builds(
    MeasureConfig,
    max_word_length=st.sampled_from([0, 3, 1000]),
    min_words_per_line=st.sampled_from([0, 1, 3]),
    remove_citations=st.booleans(),
    require_terminal_punctuation=st.booleans(),
    filter_javascript=st.booleans(),
    filter_policy=st.booleans(),
)


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("too_long_word", f"a line with {'x' * 1001}"),
        ("too_few_words", "two words."),
        ("javascript", "Please enable JavaScript now."),
        ("policy", "Read our Privacy Policy today."),
        ("policy", "This site uses cookies gladly."),
        ("policy", "We make use of coo\N{KELVIN SIGN}ies here."),
    ],
)
def test_a_line_is_dropped_and_counted_under_its_rule(rule, line):
    measures = measured(f"{GOOD}\n{line}\n{GOOD}")
    assert measures["c4"][rule] == 1
    assert measures["c4"]["lines_kept"] == 2
    assert measures["c4_text"] == f"{GOOD}\n{GOOD}"


@pytest.mark.parametrize("line", ["This line has no end", "This line trails off..."])
def test_terminal_punctuation_is_asked_for_only_when_configured(line):
    assert measured(line)["c4"]["lines_kept"] == 1
    strict = measured(line, require_terminal_punctuation=True)
    assert strict["c4"]["no_terminal_punctuation"] == 1
    assert strict["c4_text"] == ""


@pytest.mark.parametrize("citation", ["[1]", "[]", "[٣٤]", "[edit]", "[citation needed]"])
def test_citations_are_cut_out(citation):
    assert measured(f"It is known{citation} to be so.")["c4_text"] == "It is known to be so."


@pytest.mark.parametrize("kept", ["[a]", "[1", "[ 1]", "[Edit]"])
def test_other_brackets_stay(kept):
    assert after_c4(measured(f"It is known{kept} to be so.")) == f"It is known{kept} to be so."


def test_words_are_counted_before_citations_are_cut():
    assert measured("Two words. [1]")["c4"]["lines_kept"] == 1


def test_lorem_ipsum_and_curly_brackets_tell_on_the_document():
    measures = measured("Here is Lorem Ipsum again.\nif (x) { return; }")["c4"]
    assert measures["lorem_ipsum"]
    assert measures["curly_bracket"]


def test_a_curly_bracket_in_a_line_too_short_to_stay_does_not_tell():
    assert not measured("{ }\n" + GOOD)["c4"]["curly_bracket"]


def test_sentences_are_those_of_the_lines_kept():
    assert measured("One is here. Two is here!\nNot this.\nThree is here?")["c4"]["sentences"] == 3


def test_double_space_left_behind_by_a_citation_is_a_sentence_as_in_datatrove():
    assert measured("One is here.  [1]")["c4"]["sentences"] == 2


def test_lines_are_stripped_and_breaks_become_newlines():
    assert measured(f"  {GOOD}\r\n{GOOD}\u2028{GOOD}\n")["c4_text"] == "\n".join([GOOD] * 3)


def test_a_text_that_stays_as_it_is_is_stored_once():
    measures = measured(f"{GOOD}\n{GOOD}")
    assert (measures["text"], measures["c4_text"]) == (f"{GOOD}\n{GOOD}", None)


def test_the_text_as_read_is_kept_beside_the_rewritten_one():
    measures = measured("one\ntwo")
    assert (measures["text"], measures["c4_text"]) == ("one\ntwo", "")
    assert measures["c4"]["too_few_words"] == 2


def test_who_sets_the_switch_of_earlier_versions_is_told_what_replaced_it():
    with pytest.raises(ValidationError, match=r"rewrite: \[c4_lines\]"):
        MeasureConfig(c4_rewrite=False)


@given(text=texts, config=configs)
def test_any_text_is_rewritten_as_in_plain_python(text, config):
    measures = measured(text, **config.model_dump())
    counts, rewritten = plain_rules.c4(text, config)
    assert {name: measures["c4"][name] for name in counts} == counts
    assert (measures["text"], measures["c4_text"]) == (text, None if rewritten == text else rewritten)
    assert measures["c4_size"]["characters"] == len(rewritten)


@given(text=texts, config=configs)
def test_every_line_is_kept_or_counted_under_one_rule(text, config):
    measures = measured(text, **config.model_dump())["c4"]
    dropped = ("too_long_word", "no_terminal_punctuation", "too_few_words", "javascript", "policy")
    assert measures["lines_read"] == measures["lines_kept"] + sum(measures[rule] for rule in dropped)


def test_no_other_character_becomes_an_ascii_letter_in_lower_case():
    """What the case-insensitive search for phrases relies on."""
    letters = {chr(p) for p in range(0x80, 0x110000) if any(c.isascii() and c.isalpha() for c in chr(p).lower())}
    assert letters == {"\N{KELVIN SIGN}", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"}
