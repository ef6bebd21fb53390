"""What hardrules look at: an example for each rule, and one that only looks like it."""

import pytest
from bitext.measured import of


@pytest.mark.parametrize(
    ("measure", "text", "value"),
    [
        ("characters", "añb", 3),
        ("words", "one two  three", 3),
        ("letter_share", "ab--", 0.5),
        ("digit_share", "1a２b", 0.5),
        ("capitalised_share", "Der Große «Titel» 12", 1.0),
        ("capitalised_share", "Das ist klein", 1 / 3),
        ("literals", "Re: {{name}} is %s", 4),
        ("urls", "see https://a.example/b and www.b.example", 2),
        ("urls", "the web", 0),
        ("breadcrumbs", "Home » Shop » Shoes > Men > 42 * Sale", 3),
        ("breadcrumbs", "a - b - c - d", 1),
        ("breadcrumbs", "well-known", 0),
        ("glued_words", "HelloWorld", 1),
        ("glued_words", "Hello World", 0),
        ("repeated_words", "no no no", 2),
        ("repeated_words", "that that is", 1),
        ("repeated_words", "the more the merrier", 0),
        ("high_latin_run", "abc ÄÖÜß d", 4),
        ("high_latin_run", "plain", 0),
        ("spaced_letters", "h e l l o there", 5),
        ("spaced_letters", "a hat and a cat", 0),
        ("brackets", "(a) [b] {c}", 3),
        ("unbalanced_brackets", "[a] [b", 1),
        ("escapes", r"caf\u00e9 &#233; U+00E9", 3),
        ("escapes", "2+2", 0),
        ("mojibake", "fÃ¼r", 1),
    ],
)
def test_of_one_side(measure, text, value):
    assert of(text)["hardrules"][f"source_{measure}"] == pytest.approx(value)


def test_languages_that_write_a_tilde_have_no_mojibake():
    assert of("MANHÃ", languages=("pt", "de"))["hardrules"]["source_mojibake"] == 0


def test_words_of_scripts_without_spaces_are_characters():
    assert of("漢字です", languages=("ja", "de"))["hardrules"]["source_words"] == 4


def test_the_length_ratio_is_of_characters_or_of_bytes_where_a_script_has_no_spaces():
    assert of("abcdef", "abc")["hardrules"]["length_ratio"] == 2
    assert of("漢字", "Kanji!", ("ja", "de"))["hardrules"]["length_ratio"] == 1


@pytest.mark.parametrize(
    ("source", "target", "same"),
    [("Tom, 3!", "TOM 4", True), ("Straße", "STRASSE", True), ("12", "12", False), ("Tom", "Tim", False)],
)
def test_sides_are_identical_when_their_letters_are(source, target, same):
    assert of(source, target)["hardrules"]["identical"] is same


def test_closing_brackets_are_counted_on_both_sides():
    assert of("a) b) c", "(d)")["hardrules"]["closing_difference"] == 1
