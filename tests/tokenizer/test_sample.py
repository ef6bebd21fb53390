import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.keyed_hash import BITS, keyed_hash
from pipelines.tokenizer.sample import choose, first_guess, prefix


def test_documents_are_taken_in_keyed_order_until_the_size_is_reached():
    choice = choose(np.array([30, 10, 20]), ["a", "b", "c"], np.array([5, 5, 5]), 8)
    assert choice.rows.tolist() == [1, 2]
    assert choice.last_bytes == 3


def test_a_small_corpus_is_taken_whole():
    choice = choose(np.array([3, 1]), ["a", "b"], np.array([5, 7]), 100)
    assert (choice.rows.tolist(), choice.last_bytes) == ([1, 0], 5)


def test_equal_hashes_are_ordered_by_id():
    assert choose(np.array([1, 1]), ["b", "a"], np.array([1, 1]), 2).rows.tolist() == [1, 0]


def test_an_empty_corpus_gives_an_empty_sample():
    assert len(choose(np.array([], int), [], np.array([], int), 10).rows) == 0


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20)), min_size=1, max_size=20),
    st.integers(1, 50),
    st.randoms(),
)
def test_the_sample_does_not_depend_on_the_order_of_candidates(documents, sample_bytes, random):
    def sample(numbered):
        hashes, sizes, ids = (
            np.array(each) for each in zip(*((h, s, f"{n:03}") for n, (h, s) in numbered), strict=True)
        )
        choice = choose(hashes, ids.tolist(), sizes, sample_bytes)
        return [ids[row] for row in choice.rows], choice.last_bytes

    numbered = list(enumerate(documents))
    shuffled = random.sample(numbered, len(numbered))
    assert sample(shuffled) == sample(numbered)


def test_the_first_guess_holds_a_little_more_than_the_sample():
    bound = first_guess(10_000 * 100, 200_000)
    inside = sum(keyed_hash(str(number), 0, "sample") < bound for number in range(10_000))
    assert 2_000 < inside < 3_000
    assert first_guess(10, 100) == first_guess(0, 1) == 1 << BITS


@pytest.mark.parametrize(("size", "expected"), [(1, "a"), (2, "a"), (3, "aü"), (9, "aüb")])
def test_a_prefix_ends_between_characters(size, expected):
    assert prefix("aüb", size) == expected
