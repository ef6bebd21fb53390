"""Batches of pairs by a budget of tokens."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.feed.buckets import Budget, Taken, batches, cut, in_buckets
from training.feed.errors import FeedMisuseError
from training.feed.order import key_of

KEY = key_of("test")
SIDE = 20

sides = st.lists(st.tuples(st.integers(1, SIDE), st.integers(1, SIDE)), min_size=1, max_size=60).map(np.array)
budgets = st.builds(lambda multiple, more: Budget(Budget(1, multiple).most(SIDE) + more, multiple),
                    st.integers(1, 8), st.integers(0, 200))  # fmt: skip


@given(sides, budgets)
def test_every_pair_is_in_one_batch_and_no_batch_is_over_budget(sides, budget):
    made = batches(sides, budget, KEY)
    assert sorted(made.pairs.tolist()) == list(range(len(sides)))
    for number in range(len(made)):
        chosen = sides[made.batch(number)]
        assert len(chosen)
        assert len(chosen) * budget.rounded(chosen.max(0)).sum() <= budget.tokens


@given(sides, budgets)
def test_a_batch_is_as_large_as_the_budget_allows(sides, budget):
    sizes = budget.rounded(sides)
    ordered = sizes[in_buckets(sizes)]
    ends = cut(ordered, budget.tokens)
    for first, stop in itertools.pairwise(ends[:-1]):
        assert (stop + 1 - first) * ordered[first : stop + 1].max(0).sum() > budget.tokens


@given(sides, st.lists(st.tuples(budgets, st.integers(0, 5)), max_size=3), budgets)
def test_what_is_left_of_a_window_is_every_pair_that_was_not_taken_whatever_the_budgets(sides, changes, last):
    taken, found = [], []
    for budget, wanted in changes:
        made = batches(sides, budget, KEY, taken)
        count = min(wanted, len(made))
        found += made.pairs[: made.ends[count]].tolist()
        if taken and taken[-1].budget == budget:
            taken[-1] = Taken(budget, taken[-1].batches + count)
        else:
            taken.append(Taken(budget, count))
    found += batches(sides, last, KEY, taken).pairs.tolist()
    assert sorted(found) == list(range(len(sides)))


@given(sides, budgets, st.integers(0, 10))
def test_with_the_same_budget_the_same_batches_go_on(sides, budget, wanted):
    whole = batches(sides, budget, KEY)
    count = min(wanted, len(whole))
    rest = batches(sides, budget, KEY, [Taken(budget, count)])
    assert [rest.batch(number).tolist() for number in range(len(rest))] == [
        whole.batch(number).tolist() for number in range(count, len(whole))
    ]


def test_another_key_shuffles_the_same_batches():
    lengths = np.random.default_rng(0).integers(1, SIDE, (500, 2))
    one, other = (batches(lengths, Budget(200), key_of("test", number)) for number in range(2))
    assert [one.batch(n).tolist() for n in range(len(one))] != [other.batch(n).tolist() for n in range(len(other))]
    assert {tuple(one.batch(n)) for n in range(len(one))} == {tuple(other.batch(n)) for n in range(len(other))}


def test_batches_are_not_in_order_of_length():
    lengths = np.random.default_rng(0).integers(1, 200, (5000, 2))
    made = batches(lengths, Budget(2000), KEY)
    longest = [lengths[made.batch(number)].max() for number in range(len(made))]
    assert abs(np.corrcoef(np.arange(len(longest)), longest)[0, 1]) < 0.15


def test_buckets_leave_little_padding():
    lengths = np.random.default_rng(0).poisson(10, (20_000, 2)) + 2

    def padding(made):
        chosen = [lengths[made.batch(number)] for number in range(len(made))]
        return 1 - lengths.sum() / sum(len(each) * each.max(0).sum() for each in chosen)

    assert padding(batches(lengths, Budget(2048), KEY)) < 0.04


def test_a_pair_over_the_budget_is_refused_with_its_lengths():
    with pytest.raises(FeedMisuseError, match=r"a pair of 9 \+ 12 tokens is over the budget of 20"):
        batches(np.array([[1, 1], [9, 12]]), Budget(20), KEY)


def test_more_batches_than_a_window_has_are_refused():
    with pytest.raises(FeedMisuseError, match="has taken 9 batches of a window that has 1"):
        batches(np.array([[1, 1]]), Budget(20), KEY, [Taken(Budget(20), 9)])


@pytest.mark.parametrize("numbers", [(0, 1), (5, 0)])
def test_a_budget_of_nothing_is_refused(numbers):
    with pytest.raises(FeedMisuseError, match="both start at 1"):
        Budget(*numbers)
