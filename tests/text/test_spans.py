"""Texts without spans of them."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.spans import SPAN_KINDS, SPANS, without_spans


def remove(text, *spans):
    """The rest of one text, and what was counted; a span is (start, end) or (kind, start, end)."""
    full = [span if len(span) == 3 else ("sentences", *span) for span in spans]
    entries = [{"kind": kind, "start": start, "end": end} for kind, start, end in full]
    result = without_spans(pa.array([text]), pa.array([entries], SPANS))
    return result.texts[0].as_py(), {kind: int(counts[0]) for kind, counts in result.removed.items() if counts[0]}


def rest(text, part):
    start = text.index(part)
    return remove(text, (start, start + len(part)))[0]


def test_a_sentence_takes_its_space_with_it():
    assert rest("One. Two. Three.", "Two.") == "One. Three."


def test_a_line_takes_its_newline_with_it():
    assert rest("one\ntwo\nthree", "two") == "one\nthree"


def test_the_line_behind_keeps_its_indentation():
    assert rest("one\n    two\n    three", "two") == "one\n    three"


def test_a_paragraph_takes_its_empty_line_with_it():
    assert rest("one\n\ntwo\n\nthree", "two") == "one\n\nthree"


def test_neighbours_of_a_removed_sentence_stay_in_their_paragraphs():
    assert rest("One. Two.\n\nThree.", "Two.") == "One.\n\nThree."
    assert rest("One.\n\nTwo. Three.", "Two.") == "One.\n\nThree."


def test_removed_paragraphs_side_by_side_leave_one_break():
    text = "one two\n\nthree four"
    assert remove(text, (4, 7), (9, 14))[0] == "one\n\nfour"


def test_no_whitespace_stays_at_the_ends():
    assert rest("one\n\ntwo", "one") == "two"
    assert rest("one\n\ntwo\n", "two") == "one"


def test_nothing_may_be_left():
    assert remove(" all of it ", (1, 10)) == ("", {"sentences": 11})


def test_cr_lf_is_one_line_break():
    assert rest("a\r\ntwo\n\nb", "two") == "a\n\nb"


def test_whitespace_away_from_the_span_stays():
    assert rest("  a  b\n\n\nc two d ", "two") == "  a  b\n\n\nc d "


def test_scripts_without_spaces_are_joined():
    assert rest("它是真的。它是假的。好。", "它是假的。") == "它是真的。好。"


def test_a_character_counts_under_the_first_kind():
    assert remove("abcdefgh", ("sentences", 1, 4), ("decontamination", 3, 6)) == (
        "agh",
        {"decontamination": 3, "sentences": 2},
    )


def test_what_lies_outside_of_the_text_is_ignored():
    assert remove("abc", (-5, 1), (2, 99), (2, 1), (7, 9)) == ("b", {"sentences": 2})


def test_an_unknown_kind_is_an_error():
    with pytest.raises(ValueError, match="a span is of one of the kinds decontamination"):
        remove("abc", ("other", 0, 1))


def test_nulls_and_slices():
    texts = pa.array(["first", None, "a b c", "none"])[1:]
    spans = pa.array([[], None, [{"kind": "sentences", "start": 2, "end": 3}], None], SPANS)[1:]
    result = without_spans(texts, spans)
    assert result.texts.to_pylist() == [None, "a c", "none"]
    assert result.removed["sentences"].tolist() == [0, 2, 0]


def test_no_texts():
    result = without_spans(pa.array([], pa.string()), pa.array([], SPANS))
    assert len(result.texts) == 0
    assert result.texts.type == pa.string()


def naive(text, spans):
    """The same in plain Python: marks characters, then splits the text into gaps and the rest."""
    owners = ["x"] * len(text)
    for number in reversed(range(len(SPAN_KINDS))):
        for kind, start, end in spans:
            for place in range(max(start, 0), min(end, len(text))):
                owners[place] = str(number) if kind == SPAN_KINDS[number] else owners[place]
    classes = "".join(o if o != "x" else (" " if c.isspace() else "x") for c, o in zip(text, owners, strict=True))
    left, counts = [], dict.fromkeys(SPAN_KINDS, 0)
    for match in re.finditer(r"x+|[^x]+", classes):
        gap, piece = match.group(), text[match.start() : match.end()]
        marks = [int(mark) for mark in gap if mark.isdigit()]
        if not marks:
            left.append(piece)
            continue
        for mark in marks:
            counts[SPAN_KINDS[mark]] += 1
        runs = [piece[run.start() : run.end()] for run in re.finditer(" +", gap)]
        inside = match.start() > 0 and match.end() < len(text)
        best = max(reversed(runs), key=lambda run: (len(("|" + run + "|").splitlines()), len(run)), default="")
        kept = best if inside else ""
        left.append(kept)
        counts[SPAN_KINDS[marks[-1]]] += sum(map(len, runs)) - len(kept)
    return "".join(left), {kind: count for kind, count in counts.items() if count}


CASES = st.tuples(
    st.text("aé漢𝒳. \n\r\t\u2028\u00a0", max_size=40),
    st.lists(st.tuples(st.sampled_from(SPAN_KINDS), st.integers(-2, 42), st.integers(-2, 42)), max_size=6),
)


@given(st.lists(CASES, max_size=4))
def test_as_plain_python(cases):
    entries = [[{"kind": k, "start": s, "end": e} for k, s, e in spans] for _, spans in cases]
    result = without_spans(pa.array([text for text, _ in cases], pa.string()), pa.array(entries, SPANS))
    for row, (text, spans) in enumerate(cases):
        counts = {kind: int(removed[row]) for kind, removed in result.removed.items() if removed[row]}
        assert (result.texts[row].as_py(), counts) == naive(text, spans)
        assert len(text) - sum(counts.values()) == len(result.texts[row].as_py())


@given(CASES)
def test_nothing_is_added_or_moved(case):
    text, spans = case
    characters = iter(text)
    assert all(character in characters for character in remove(text, *spans)[0])
