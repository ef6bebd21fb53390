import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.sequences import order
from pipelines.sequences.config import PackConfig


def test_the_held_out_share_is_near_the_fraction():
    heldout = sum(order.split_of(f"cluster{number}", 0.05, 0) == "heldout" for number in range(20_000))
    assert heldout == pytest.approx(1000, abs=120)


def test_nothing_is_held_out_at_fraction_zero():
    assert {order.split_of(str(number), 0.0, 0) for number in range(1000)} == {"train"}


def test_a_larger_fraction_holds_out_what_a_smaller_one_did():
    clusters = [str(number) for number in range(2000)]
    small, large = ({each for each in clusters if order.split_of(each, share, 3) == "heldout"} for share in (0.1, 0.3))
    assert small < large


@given(st.lists(st.text(max_size=5), unique=True), st.randoms(use_true_random=False))
def test_a_shuffle_does_not_depend_on_the_order_it_starts_from(identifiers, random):
    again = random.sample(identifiers, len(identifiers))
    assert [identifiers[row] for row in order.shuffled(identifiers, 0, "any")] == [
        again[row] for row in order.shuffled(again, 0, "any")
    ]


def test_a_shuffle_leaves_few_documents_beside_their_neighbours():
    shuffled = order.shuffled([f"{number:05}" for number in range(10_000)], 0, "any")
    neighbours = sum(abs(int(a) - int(b)) == 1 for a, b in itertools.pairwise(shuffled))
    assert neighbours < 20  # 2 are expected


@pytest.mark.parametrize(("tokens", "expected"), [(0, 0), (1, 1), (100, 1), (101, 2)])
def test_shards_are_a_function_of_the_tokens(tokens, expected):
    assert order.shards(tokens, 100) == expected


def test_a_sequence_id_follows_name_documents_and_offsets():
    one = [("a", 0, 5), ("b", 0, 2)]
    variants = [
        order.sequence_id("causal", one),
        order.sequence_id("other", one),
        order.sequence_id("causal", one[::-1]),
        order.sequence_id("causal", [("a", 0, 5), ("b", 0, 3)]),
        order.sequence_id("causal", [("a", 1, 5), ("b", 0, 2)]),
    ]
    assert len(set(variants)) == len(variants)
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in variants)


@pytest.mark.parametrize("settings", [{"length": 1}, {"heldout": 1.0}, {"strategy": "first"}, {"name": "a-b"}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValidationError):
        PackConfig(**settings)
