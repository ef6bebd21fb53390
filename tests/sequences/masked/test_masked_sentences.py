"""Documents become encoded sentences, and nothing of a document is lost on the way."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sequences.masked.sentences import cut, encoded, split

TEXTS = {
    "en": "Dr. Who came by. He left!  Then it rained?\n\n- a list\n- another line.  ",
    "de": "Es regnet heute. Morgen scheint die Sonne.",
    "zh": "今天下雨。明天出太阳！",
}


def letters(texts):
    """An encoder: a token for each code point that is no whitespace."""
    ids = [np.array([ord(each) % 50_000 for each in text if not each.isspace()], "<u2") for text in texts.to_pylist()]
    return pa.array([each.tobytes() for each in ids], pa.large_binary()), np.array(
        [len(each) for each in ids], np.int64
    )


def batch(texts, languages):
    names = [str(number) for number in range(len(texts))]
    columns = {"doc_id": names, "language": languages, "split_group_id": names, "text": texts}
    return pa.RecordBatch.from_pydict({name: pa.array(values, pa.string()) for name, values in columns.items()})


def sentences_of(texts, languages):
    found, offsets = split(pa.array(texts, pa.string()), pa.array(languages, pa.string()))
    strings = found.to_pylist()
    return [strings[begin:end] for begin, end in pairwise(offsets.tolist())]


def test_sentences_are_those_of_the_language_and_keep_the_whitespace_before_them():
    english, german, chinese = sentences_of(list(TEXTS.values()), list(TEXTS))
    assert english == [
        "Dr. Who came by.", " He left!", "  Then it rained?", "\n\n- a list", "\n- another line.  ",
    ]  # fmt: skip
    assert german == ["Es regnet heute.", " Morgen scheint die Sonne."]
    assert chinese == ["今天下雨。", "明天出太阳！"]


@given(
    st.lists(st.text(st.sampled_from("ab .!?\n\t。é’\u2028"), max_size=60), max_size=8),
    st.sampled_from(["en", "zh", None]),
)
def test_the_sentences_of_a_text_are_the_text(texts, language):
    for text, found in zip(texts, sentences_of(texts, [language] * len(texts)), strict=True):
        assert "".join(found) == (text if text.strip() else "")


def test_documents_keep_their_order_whatever_their_languages():
    languages = ["en", "de", "en", None, "zh", "de"]
    names = ["apple", "Birne", "cherry", "dewberry", "莓", "Feige"]
    found = sentences_of([f"A {name}! It ends." for name in names], languages)
    assert [sentences[0] for sentences in found] == [f"A {name}!" for name in names]


def test_ids_are_those_of_the_sentences_and_lengths_add_up():
    rows = encoded(batch(list(TEXTS.values()), list(TEXTS)), letters, 100).to_pylist()
    for row, text in zip(rows, TEXTS.values(), strict=True):
        [ids] = letters(pa.array([text]))[0].to_pylist()
        assert row["ids"] == ids
        assert sum(row["lengths"]) == row["n_tokens"] == len(ids) // 2
        assert row["long_sentences"] == 0
    assert [row["sentences"] for row in rows] == [5, 2, 2]


def test_a_long_sentence_is_cut_into_parts_of_about_equal_length_and_counted():
    [row] = encoded(batch(["a" * 23 + ". Short."], ["en"]), letters, 10).to_pylist()
    assert row["lengths"] == [8, 8, 8, 6]
    assert (row["sentences"], row["long_sentences"], row["n_tokens"]) == (2, 1, 30)


def test_a_document_without_tokens_has_no_sentence():
    rows = encoded(batch(["", " \n ", None, "x"], ["en", "en", None, None]), letters, 10).to_pylist()
    assert [row["lengths"] for row in rows] == [[], [], [], [1]]
    assert [row["sentences"] for row in rows] == [0, 0, 0, 1]
    assert [row["ids"] for row in rows[:3]] == [b"", b"", b""]


def test_no_documents_give_no_rows():
    assert encoded(batch([], []), letters, 10).num_rows == 0


@given(st.lists(st.integers(0, 200), max_size=30), st.integers(1, 50))
def test_parts_are_few_and_even(n_tokens, longest):
    tokens = np.array(n_tokens, np.int64)
    parts = -(-tokens // longest)
    lengths = cut(tokens, parts)
    assert len(lengths) == parts.sum()
    bounds = np.concatenate(([0], np.cumsum(parts)))
    for total, (begin, end) in zip(n_tokens, pairwise(bounds.tolist()), strict=True):
        of_sentence = lengths[begin:end]
        assert of_sentence.sum() == total
        assert not total or (of_sentence.max() <= longest and of_sentence.max() - of_sentence.min() <= 1)
