"""Expressions compiled to tables find what Python's `re` finds, in the order in which it looks."""

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.words.automata import Alphabet, automata
from pipelines.words.expressions import divided, program
from pipelines.words.matching import matches, search
from pipelines.words.symbols import EDGE, Symbols, UnsupportedExpression, by_first_symbol

characters = "ab.1é"
sets = st.sampled_from(["a", "b", r"\.", "é", "[ab]", "[^a]", "[a-c1]", r"\d", r"\w", "."])
before = st.sampled_from(
    ["", "", "", "^", "(?<=a)", "(?<![ab])", r"(?<=1\.)", "(?<=a[b1])", "(?<=ab|1b)", "(?<=^a)", "(?<!^a|1)"]
)
next_symbol = ["", "", "", "$", "(?=b)", "(?![a1])", r"(?=\.|$)"]
next_symbols = [
    "(?=ab)",
    "(?!a[b1])",
    "(?!1|aa)",
    r"(?=b|a\.$|1$)",
    r"(?![ab]1|[b1]\.|é$)",
    "(?!(?:a|bb|1ab)$)",
    "(?=..1|$)",
]
behind = st.builds("{}{}".format, st.sampled_from(["", *next_symbols]), st.sampled_from(next_symbol))
repeats = st.sampled_from(["", "", "", "+", "*", "?", "{2}", "{1,3}", "+?", "??", "{2,}"])
pieces = st.builds("{}{}".format, st.one_of(sets, st.builds("(?:{}|{}{})".format, sets, sets, sets)), repeats)
bodies = st.lists(pieces, max_size=3).map("".join)
alternatives = st.builds("{}{}{}".format, before, bodies, behind)
patterns = st.lists(alternatives, min_size=1, max_size=4).map("|".join)
texts = st.text(characters, max_size=8)


def compiled(pattern, ordered=True):
    source = program(re.compile(pattern))
    alphabet = Alphabet([source])
    return automata([(source, ordered)], alphabet), alphabet


def classes(alphabet, text):
    return alphabet.classes[np.array([ord(character) for character in text], np.int64)]


def found(pattern, text):
    tables, alphabet = compiled(pattern)
    symbols, spans, position, filled = classes(alphabet, text), [], 0, False
    while True:
        begin, end = search(tables, 0, symbols, 0, len(text), position, filled)
        if begin < 0:
            return spans
        spans.append((begin, end))
        position, filled = end, begin == end


@settings(max_examples=400)
@given(pattern=patterns, text=texts)
def test_matches_are_those_of_re(pattern, text):
    try:
        assert found(pattern, text) == [match.span() for match in re.finditer(pattern, text)]
    except UnsupportedExpression:
        assume(False)


@settings(max_examples=100)
@given(pattern=patterns, text=texts)
def test_without_order_it_is_still_known_whether_there_is_a_match(pattern, text):
    try:
        tables, alphabet = compiled(pattern, ordered=False)
    except UnsupportedExpression:
        assume(False)
    assert matches(tables, 0, classes(alphabet, text), 0, len(text)) == bool(re.match(pattern, text))


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a|ab", "ab", [(0, 1)]),  # the first alternative, not the longest
        ("ab|a", "ab", [(0, 2)]),
        ("a(?=b)|ab", "ab", [(0, 1)]),  # known only at `b`, which the second alternative reads
        ("(?<=ab)1", "ab1", [(2, 3)]),
        ("a(?!b1)|ab1a", "ab1ab", [(0, 4)]),  # what the assertion looks at is not part of the match
        ("a(?=b1)|ab", "ab1", [(0, 1)]),  # the first, though known two symbols later
        ("a(?=b11)|ab", "ab1", [(0, 2)]),
        ("(?<=^a)|1", "aab1", [(1, 1), (3, 4)]),
        ("(?<=a)(?=b)|b", "ab", [(1, 1), (1, 2)]),  # behind an empty match, what is not empty may begin
    ],
)
def test_alternatives_are_tried_in_order(pattern, text, expected):
    assert found(pattern, text) == expected == [match.span() for match in re.finditer(pattern, text)]


@pytest.mark.parametrize("character", "kKK1sSſéÉßẞ")
def test_case_is_ignored_as_re_ignores_it(character):
    for pattern in ("(?i)k", "(?i)[r-t]", "(?i)é", "(?i)ß"):
        assert bool(found(pattern, character)) == bool(re.search(pattern, character))


def test_wide_assertions_hold_at_the_edges_of_the_slice_only():
    tables, alphabet = compiled("(?<=ab)(?!1$)")
    symbols = classes(alphabet, "aab1b")
    slices = ((0, 4), (1, 4), (1, 5), (1, 3))
    assert [search(tables, 0, symbols, *slice_, slice_[0], False)[0] for slice_ in slices] == [-1, -1, 3, 3]


def test_first_symbols_are_told_apart():
    ab, bc = Symbols(((97, 98),)), Symbols(((98, 99),))
    parts = by_first_symbol([(ab, EDGE), (bc,), (EDGE,)])
    assert parts == [
        (Symbols(((97, 97),)), {(EDGE,)}),
        (Symbols(((98, 98),)), {(EDGE,), ()}),
        (Symbols(((99, 99),)), {()}),
        (EDGE, {()}),
    ]


@pytest.mark.parametrize(
    "pattern", [r"(a)\1", "(?m)^a", "(?<=abc)a", "(?<=^ab)1", r"\bab", "(?:a*)*", "a(?=b+)", "(?<=a$)", "(?=$a)"]
)
def test_what_is_not_known_is_refused(pattern):
    with pytest.raises(UnsupportedExpression):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern", ["a(?=bc)b", "(?:a(?!bc))*", "(?:a(?=bc)){1,2}", "a(?=bc)(?!b.)", "(?:a(?=bc)|b)c"]
)
def test_assertions_about_several_characters_are_known_at_the_end_only(pattern):
    with pytest.raises(UnsupportedExpression):
        compiled(pattern)


def test_wide_assertions_can_be_assumed_and_bounds_beyond_short_texts_dropped():
    source = re.compile("(?!ab)[ab]{1,9}$")
    for assumed in (True, False):
        programs = [program(source, wide_assertions=assumed, short=9)]
        alphabet = Alphabet(programs)
        tables = automata([(programs[0], False)], alphabet)
        found = [matches(tables, 0, classes(alphabet, text), 0, len(text)) for text in ("ab", "ba", "b" * 9, "1")]
        assert found == [assumed, assumed, assumed, False]


@given(text=texts)
def test_divided_programs_match_together_what_the_whole_does(text):
    pattern = re.compile(r"^[ab]+\.1$|^ab$|^a[.]b*$|^[a-c]*1$")
    parts = divided(program(pattern))
    alphabet = Alphabet(parts)
    tables = automata([(part, False) for part in parts], alphabet)
    assert len(parts) == 2
    symbols = classes(alphabet, text)
    assert any(matches(tables, i, symbols, 0, len(text)) for i in range(2)) == bool(pattern.match(text))
