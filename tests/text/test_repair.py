"""ftfy, conservatively, and only where it would change something."""

import ftfy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.text.repair import repair, suspicious

OPTIONS = ftfy.TextFixerConfig(
    unescape_html="auto",
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    normalization=None,
)


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("schÃ¶n", "schön"),
        ("Itâ€™s here", "It’s here"),
        ("voilÃ  le travail", "voilà le travail"),
        ("a &amp; b", "a & b"),
        ("null\x00 byte", "null byte"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\ufeffmark", "mark"),
    ],
)
def test_what_was_decoded_wrongly_is_mended(broken, mended):
    assert repair(broken) == mended


@pytest.mark.parametrize(
    "text", ["“curly” ‘quotes’", "ﬁ ligature", "ＦＵＬＬ　ＷＩＤＴＨ", "a\r\nb\u2028c", "e\u0301", "<p>&amp;</p>"]
)
def test_forms_are_not_made_uniform(text):
    assert repair(text) == text


def test_plain_text_is_not_even_looked_at_by_ftfy():
    assert not suspicious("Plain text, AT&T, with “quotes” — and café, naïve, Привет." * 10)


FRAGMENTS = st.sampled_from(
    [
        "é",
        "Ã¶",
        "Â ",
        "Ã ",
        "â€™",
        "’",
        "\x80",
        "&eacute;",
        "<",
        "ł",
        "ñ",
        "×²",
        "²",
        "°",
        "œ",
        "Ж",
        "вЂ",
        " ",
        "\n",
        "abc",
        "中",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(FRAGMENTS, st.text(max_size=3))).map("".join))


@settings(max_examples=1000, deadline=None)
@given(TEXTS)
def test_the_result_is_ftfys_whether_or_not_it_was_called(text):
    assert repair(text) == ftfy.fix_text(text, config=OPTIONS)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0xA0, max_codepoint=0x24F), min_size=1))
def test_encoded_twice_is_the_same_as_ftfy_says(text):
    double = text.encode("utf-8").decode("windows-1252", "replace")
    assert repair(double) == ftfy.fix_text(double, config=OPTIONS)
