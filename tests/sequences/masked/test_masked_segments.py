"""Which sentences become the segments of a row: each is there once as its document's own, and chance is fair."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sequences.masked.segments import ALONE, NEXT, RANDOM, Documents, fill

ROOM = 40


def documents(lengths, languages=None, groups=None, seed=0) -> Documents:
    """Documents of sentences of some lengths; by default of one language, and no near duplicates."""
    count = len(lengths)
    return Documents(
        np.concatenate(([0], np.cumsum([len(each) for each in lengths]))).astype(np.int64),
        np.array([length for each in lengths for length in each], np.int64),
        np.random.default_rng(seed).integers(0, 1 << 60, count).astype(np.uint64),
        np.array(languages if languages is not None else [0] * count, np.int64),
        np.array(groups if groups is not None else range(count), np.int64),
    )


def many(count, most, seed=0):
    """Documents of 1 to `most` sentences."""
    chance = np.random.default_rng(seed)
    return [chance.integers(1, ROOM // 2 + 1, chance.integers(1, most + 1)).tolist() for _ in range(count)]


@st.composite
def any_documents(draw):
    lengths = draw(st.lists(st.lists(st.integers(1, ROOM // 2), min_size=1, max_size=12), min_size=1, max_size=12))
    languages = [draw(st.integers(0, 2)) for _ in lengths]
    groups = [draw(st.integers(0, 4)) for _ in lengths]
    return documents(lengths, languages, groups, draw(st.integers(0, 99)))


def totals(given, rows):
    """(R, 2) tokens of both segments."""
    begins = np.concatenate(([0], np.cumsum(given.lengths)))
    return begins[rows.stop] - begins[rows.first]


@given(any_documents(), st.sampled_from([0.0, 0.1, 1.0]), st.sampled_from([0.0, 0.5, 1.0]))
def test_each_sentence_is_once_in_a_first_or_a_true_second_segment(docs, short_rows, random_next):
    rows = fill(docs, ROOM, short_rows, random_next)
    held = []
    for row in range(len(rows)):
        segments = 2 if rows.second[row] == NEXT else 1
        for segment in range(segments):
            held += range(rows.first[row, segment], rows.stop[row, segment])
            assert rows.document[row, segment] == rows.document[row, 0]
    assert held == list(range(len(docs.lengths)))


@given(any_documents(), st.sampled_from([0.0, 0.1, 1.0]), st.sampled_from([0.0, 0.5, 1.0]))
def test_a_row_fits(docs, short_rows, random_next):
    assert (totals(docs, fill(docs, ROOM, short_rows, random_next)).sum(1) <= ROOM).all()


@given(any_documents())
def test_a_random_segment_is_of_another_group_and_of_the_language_where_that_has_one(docs):
    rows = fill(docs, ROOM, 0.1, 0.5)
    for own, other in rows.document[rows.second == RANDOM]:
        assert docs.groups[own] != docs.groups[other]
        same_language = docs.languages == docs.languages[own]
        if len(set(docs.groups[same_language])) > 1:
            assert docs.languages[other] == docs.languages[own]


@given(any_documents())
def test_a_segment_lies_in_its_document(docs):
    rows = fill(docs, ROOM, 0.1, 0.5)
    there = rows.second != ALONE
    for segment, chosen in ((0, slice(None)), (1, there)):
        document = rows.document[chosen, segment]
        assert (rows.first[chosen, segment] >= docs.offsets[document]).all()
        assert (rows.stop[chosen, segment] <= docs.offsets[document + 1]).all()
        assert (rows.first[chosen, segment] < rows.stop[chosen, segment]).all()


@given(any_documents())
def test_only_the_last_sentence_of_a_shard_of_near_duplicates_stands_alone(docs):
    rows = fill(docs, ROOM, 0.1, 0.5)
    for row in np.flatnonzero(rows.second == ALONE):
        assert len(set(docs.groups)) == 1
        assert rows.stop[row, 0] == docs.offsets[rows.document[row, 0] + 1]
        assert rows.stop[row, 0] - rows.first[row, 0] == 1


@pytest.mark.parametrize("most", [3, 40], ids=["short documents", "long documents"])
def test_half_of_all_rows_have_the_true_next_segment(most):
    """Within four standard deviations of a binomial distribution, also where many documents end in one sentence."""
    rows = fill(documents(many(6000, most)), ROOM, 0.1, 0.5)
    count = len(rows)
    assert abs((rows.second == NEXT).mean() - 0.5) < 4 * np.sqrt(0.25 / count)
    assert count > 5000


def test_half_of_the_rows_of_each_language_have_the_true_next_segment():
    texts = many(6000, 4)
    rows = fill(documents(texts, [number % 3 for number in range(len(texts))]), ROOM, 0.1, 0.5)
    language = rows.document[:, 0] % 3
    for each in range(3):
        of_language = rows.second[language == each] == NEXT
        assert abs(of_language.mean() - 0.5) < 4 * np.sqrt(0.25 / len(of_language))


def test_documents_of_one_sentence_have_no_true_next_segment():
    rows = fill(documents([[5]] * 50), ROOM, 0.1, 0.5)
    assert (rows.second == RANDOM).all()


@pytest.mark.parametrize(("random_next", "kind"), [(0.0, NEXT), (1.0, RANDOM)])
def test_without_chance_all_rows_are_of_one_kind_but_where_one_sentence_is_left(random_next, kind):
    rows = fill(documents(many(300, 30)), ROOM, 0.1, random_next)
    lone = (rows.stop[:, 0] - rows.first[:, 0] == 1) & (rows.second == RANDOM)
    assert (rows.second[~lone] == kind).all()


def test_the_first_segment_has_any_number_of_the_sentences_with_equal_chance():
    rows = fill(documents([[10] * 4] * 8000), ROOM, 0.0, 0.0)
    counts = np.bincount(rows.stop[:, 0] - rows.first[:, 0], minlength=4)[1:]
    assert len(counts) == 3
    assert np.abs(counts / 8000 - 1 / 3).max() < 4 * np.sqrt(2 / 9 / 8000)


def test_other_documents_are_drawn_with_equal_chance_and_begin_with_a_later_sentence():
    rows = fill(documents([[3] * 5] * 20, seed=3), ROOM, 0.0, 1.0)
    random = rows.second == RANDOM
    first = rows.first[random, 1] - 5 * rows.document[random, 1]
    assert set(first) <= {1, 2, 3, 4}
    rows = fill(documents([[20]] + [[3]] * 4000 + [[2, 2]] * 4), ROOM, 0.0, 1.0)
    drawn = np.bincount(rows.document[rows.second == RANDOM, 1], minlength=4005)
    assert drawn.max() <= 9  # of about one each: a Poisson distribution is above 9 with a chance of 1e-7


def test_a_row_takes_all_sentences_that_fit_unless_it_is_a_short_one():
    docs = documents(many(400, 30))
    rows = fill(docs, ROOM, 0.0, 0.0)
    for row, (left, right) in enumerate(totals(docs, rows)):
        end = docs.offsets[rows.document[row, 0] + 1]
        if rows.second[row] == NEXT and rows.stop[row, 1] < end:
            assert left + right + docs.lengths[rows.stop[row, 1]] > ROOM


def test_a_tenth_of_the_rows_is_short():
    docs = documents([[1] * 600] * 100)
    used = totals(docs, fill(docs, ROOM, 0.1, 0.0)).sum(1)
    whole = np.array([each for each in used if each > 0])
    short = (whole < ROOM).mean()
    expected = 0.1 * (ROOM - 2) / (ROOM - 1)  # one of the lengths that a short row aims at is the whole room
    assert abs(short - expected) < 4 * np.sqrt(0.09 / len(whole)) + 100 / len(whole)  # and the ends of documents


def test_the_rows_of_a_document_do_not_depend_on_documents_of_other_languages():
    texts = many(60, 20)
    alone = fill(documents(texts), ROOM, 0.1, 0.5)
    both = documents(texts + many(30, 20, seed=8), [0] * 60 + [1] * 30)
    keys = np.concatenate((documents(texts).keys, both.keys[60:]))
    mixed = fill(Documents(both.offsets, both.lengths, keys, both.languages, both.groups), ROOM, 0.1, 0.5)
    mine = mixed.document[:, 0] < 60
    for ours, theirs in ((alone.first, mixed.first), (alone.stop, mixed.stop), (alone.document, mixed.document)):
        assert (ours == theirs[mine]).all()


def test_rows_follow_the_order_of_the_documents():
    rows = fill(documents(many(50, 10)), ROOM, 0.1, 0.5)
    assert all(a <= b for a, b in pairwise(rows.document[:, 0].tolist()))
