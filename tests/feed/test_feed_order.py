"""The order: a permutation of all rows for every size, known at any position, uniform where it says so."""

import itertools
import math
from collections import Counter
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from training.feed.errors import FeedMisuseError
from training.feed.order import DEFAULT_SHUFFLE, ORDER, Bijection, EpochOrder, Shuffle, key_of, permutation

SMALLEST_P = 1e-4  # of fixed seeds: a right order passes always, or never


def whole(order):
    return order.rows_at(np.arange(order.rows))


@pytest.mark.parametrize("key", [key_of("a"), key_of("b", 1)], ids=["one key", "another"])
def test_a_bijection_of_every_small_size(key):
    for size in range(1, 700):
        bijection = Bijection(size, key)
        images = bijection(np.arange(size))
        assert np.sort(images).tolist() == list(range(size))
        assert bijection.inverse(images).tolist() == list(range(size))


@given(st.integers(1, 2**63), st.integers(0, 2**32), st.data())
def test_a_bijection_of_any_size_stays_inside_and_comes_back(size, seed, data):
    bijection = Bijection(size, key_of(seed))
    values = np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=20)))
    images = bijection(values)
    assert ((images >= 0) & (images <= size - 1)).all()
    assert bijection.inverse(images).tolist() == values.tolist()
    assert len(set(images.tolist())) == len(set(values.tolist()))


shuffles = st.none() | st.builds(Shuffle, st.integers(1, 40), st.integers(1, 12))
orders = st.builds(
    EpochOrder, st.integers(1, 900), st.integers(0, 9), st.integers(0, 5), shuffles, st.sampled_from("ab")
)


@settings(max_examples=300)
@given(orders)
def test_every_row_comes_once(order):
    assert np.sort(whole(order)).tolist() == list(range(order.rows))


@given(orders, st.data())
def test_random_access_gives_what_going_forward_gives(order, data):
    positions = np.array(data.draw(st.lists(st.integers(0, order.rows - 1), min_size=1, max_size=50)), np.int64)
    assert order.rows_at(positions).tolist() == whole(order)[positions].tolist()


@given(orders)
def test_windows_hold_whole_blocks(order):
    rows, start, blocks_of = whole(order), 0, Counter()
    while start < order.rows:
        end = order.window_end(start)
        assert order.window_end(end - 1) == end > start
        if order.shuffle:
            blocks = set((rows[start:end] // order.shuffle.block_rows).tolist())
            assert len(blocks) <= order.shuffle.window_blocks
            assert end == order.rows or len(blocks) == order.shuffle.window_blocks
            blocks_of.update(blocks)
        start = end
    assert start == order.rows
    assert set(blocks_of.values()) <= {1}


def test_without_a_shuffle_rows_come_as_in_the_table():
    assert whole(EpochOrder(100, 1, 0, None)).tolist() == list(range(100))


@pytest.mark.parametrize("other", [{"seed": 2}, {"epoch": 1}, {"name": "b"}, {"shuffle": Shuffle(4, 8)}])
def test_another_seed_epoch_source_or_shuffle_is_another_order(other):
    given = {"rows": 1000, "seed": 1, "epoch": 0, "shuffle": Shuffle(8, 4), "name": "a"}
    one, two = whole(EpochOrder(**given)), whole(EpochOrder(**given | other))
    assert (one == two).mean() < 0.05


# Digests of orders of version 1. A change of one changes what states of running jobs mean: `ORDER` must grow with it.
GOLDEN = {
    (1000, 7, 0, (1, 1), ""): "4b9da3fe7fc4105e",
    (1000, 7, 0, (8, 4), ""): "d3f4076332f7cf50",
    (1001, 7, 3, (8, 4), "web"): "2022e48748590e83",
    (100_000, 0, 0, (128, 128), ""): "79e542b8c8185a8c",
    (123_457, 2**40, 9, (100, 70), "wiki"): "4031fba24d1e99fc",
}


@pytest.mark.parametrize("given", GOLDEN)
def test_the_order_never_changes_unnoticed(given):
    rows, seed, epoch, shuffle, name = given
    order = EpochOrder(rows, seed, epoch, Shuffle(*shuffle), name)
    assert ORDER == 1
    assert blake2b(whole(order).astype("<i8").tobytes(), digest_size=8).hexdigest() == GOLDEN[given]


def test_places_far_into_a_large_table_never_change_unnoticed():
    order = EpochOrder(10**12, 7, 0)
    assert order.rows_at(np.array([0, 1, 10**9, 10**12 - 1])).tolist() == [
        418_536_566_213,
        773_166_056_818,
        687_366_325_758,
        541_471_176_784,
    ]


def chi_square_p(counts, outcomes):
    """The probability of counts at least as uneven if all outcomes are equally likely."""
    total = sum(counts.values())
    expected = total / outcomes
    statistic = sum((counts.get(each, 0) - expected) ** 2 for each in counts) / expected
    statistic += (outcomes - len(counts)) * expected
    return chi2.sf(statistic, outcomes - 1)


def shuffled(rows, seed, shuffle):
    """Rows in the order of a seed; without windows for 0."""
    return (
        Bijection(rows, key_of(seed))(np.arange(rows))
        if shuffle is None
        else whole(EpochOrder(rows, seed, 0, shuffle))
    )


@pytest.mark.parametrize(
    ("rows", "shuffle"),
    [(rows, shuffle) for rows in (2, 3, 4, 5) for shuffle in (None, Shuffle(1, 8))],
)
def test_all_permutations_of_a_few_rows_are_equally_likely(rows, shuffle):
    seen = Counter(tuple(shuffled(rows, seed, shuffle).tolist()) for seed in range(2500))
    assert len(seen) == math.factorial(rows)
    assert chi_square_p(seen, math.factorial(rows)) > SMALLEST_P


@pytest.mark.parametrize(
    ("rows", "shuffle"),
    [*((rows, None) for rows in (5, 11, 13, 16, 32)), (16, Shuffle(1, 4)), (13, Shuffle(1, 4)), (18, Shuffle(3, 2))],
)
def test_each_row_is_at_each_position_equally_often(rows, shuffle):
    seeds = 1000
    orders = np.array([shuffled(rows, seed, shuffle) for seed in range(seeds)])
    counts = np.array([np.bincount(orders[:, position], minlength=rows) for position in range(rows)])
    statistic = ((counts - seeds / rows) ** 2).sum() / (seeds / rows)
    assert chi2.sf(statistic, (rows - 1) ** 2) > SMALLEST_P


def test_neighbours_in_the_order_of_blocks_are_equally_likely():
    rows = 12
    orders = np.array([shuffled(rows, seed, None) for seed in range(1000)])
    pairs = Counter(zip(orders[:, :-1].ravel().tolist(), orders[:, 1:].ravel().tolist(), strict=True))
    assert set(pairs) <= set(itertools.permutations(range(rows), 2))
    assert chi_square_p(pairs, rows * (rows - 1)) > SMALLEST_P


def inflation(rows, shuffle, batch, share=0.5, seeds=8):
    """Of the variance of how many samples of a batch have a label, on a table that is sorted by it: 1 is uniform."""
    has_label = np.concatenate([shuffled(rows, seed, shuffle) < rows * share for seed in range(seeds)])
    counts = has_label.reshape(-1, batch).sum(1)
    return float(((counts - batch * share) ** 2).mean() / (batch * share * (1 - share)))


@pytest.mark.parametrize("batch", [16, 64, 256, 4096])
@pytest.mark.parametrize("shuffle", [Shuffle(32, 32), Shuffle(16, 128)], ids=str)
def test_the_composition_of_batches_is_within_the_bound_that_the_documentation_states(shuffle, batch):
    found = inflation(1 << 16, shuffle, batch)
    bound = 1 + min((batch - 1) / shuffle.window_blocks, shuffle.block_rows)
    assert 0.6 * bound < found < 1.1 * bound


def test_one_row_in_a_block_is_a_uniform_shuffle():
    assert 0.9 < inflation(1 << 16, None, 64) < 1.1
    small = EpochOrder(500, 3, 1, Shuffle(1, 1))
    assert whole(small).tolist() == small._block_bijection(np.arange(500)).tolist()


def test_permutations_by_hashes_have_every_number_once():
    for size in (0, 1, 2, 1000, 1 << 17):
        assert np.array_equal(np.sort(permutation(size, key_of(size))), np.arange(size))


@pytest.mark.parametrize("numbers", [(0, 1), (1, 0), (1 << 11, 1 << 10)])
def test_a_shuffle_that_cannot_be_is_refused(numbers):
    with pytest.raises(FeedMisuseError):
        Shuffle(*numbers)
    assert DEFAULT_SHUFFLE.window_rows == 16_384
