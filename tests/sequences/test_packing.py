import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sequences.packing import Pieces, best_fit, concat_and_chunk

LENGTHS = st.lists(st.integers(1, 40), max_size=30).map(lambda lengths: np.array(lengths, np.int64))
STRATEGIES = pytest.mark.parametrize("pack", [concat_and_chunk, best_fit])


def rows(pieces: Pieces) -> list[list[tuple[int, int, int]]]:
    """The pieces (document, start, stop) of each sequence."""
    listed = list(zip(pieces.document.tolist(), pieces.start.tolist(), pieces.stop.tolist(), strict=True))
    bounds = pieces.bounds().tolist()
    return [listed[a:b] for a, b in itertools.pairwise(bounds)]


def test_concatenation_by_hand():
    assert rows(concat_and_chunk(np.array([5, 3, 1]), 4)) == [
        [(0, 0, 4)],
        [(0, 4, 5), (1, 0, 3)],
        [(2, 0, 1)],
    ]


def test_best_fit_by_hand():
    # 9 = two full rows and 1; then 3, 2, 2, 1: 3 opens a row, 2 opens a row, 2 joins it, 1 fills the row of 3.
    assert rows(best_fit(np.array([2, 9, 3, 2]), 4)) == [
        [(1, 0, 4)],
        [(1, 4, 8)],
        [(2, 0, 3), (1, 8, 9)],
        [(0, 0, 2), (3, 0, 2)],
    ]


def test_best_fit_prefers_the_fullest_row():
    # Rows with 1 and 2 free: 1 goes where exactly 1 is free.
    assert rows(best_fit(np.array([4, 3, 1]), 5)) == [[(0, 0, 4), (2, 0, 1)], [(1, 0, 3)]]


@STRATEGIES
@given(LENGTHS, st.integers(2, 12))
def test_every_token_is_in_exactly_one_place(pack, lengths, length):
    pieces = pack(lengths, length)
    held = [
        (document, token)
        for document, start, stop in zip(pieces.document, pieces.start, pieces.stop, strict=True)
        for token in range(start, stop)
    ]
    assert sorted(held) == [(document, token) for document, count in enumerate(lengths) for token in range(count)]


@STRATEGIES
@given(LENGTHS, st.integers(2, 12))
def test_pieces_fill_a_row_from_its_start_without_gaps(pack, lengths, length):
    pieces = pack(lengths, length)
    bounds = pieces.bounds()
    for first, last in itertools.pairwise(bounds):
        ends = np.cumsum(pieces.lengths[first:last])
        assert pieces.offset[first:last].tolist() == [0, *ends[:-1]]
        assert 0 < ends[-1] <= length


@given(LENGTHS, st.integers(2, 12))
def test_concatenation_pads_the_last_row_only(lengths, length):
    assert concat_and_chunk(lengths, length).sequences == -(-lengths.sum() // length)


@given(LENGTHS, st.integers(2, 12))
def test_best_fit_cuts_only_what_is_longer_than_a_row(lengths, length):
    pieces = best_fit(lengths, length)
    assert np.bincount(pieces.document, minlength=len(lengths)).tolist() == (-(-lengths // length)).tolist()


@given(LENGTHS, st.integers(2, 12))
def test_best_fit_leaves_no_two_rows_that_would_fit_together(lengths, length):
    pieces = best_fit(lengths, length)
    loads = np.sort(np.bincount(pieces.sequence, weights=pieces.lengths))
    assert len(loads) < 2 or loads[0] + loads[1] > length


def fit_by_search(sizes: np.ndarray, length: int) -> list[int]:
    """Best fit written out: the row of each size, the fullest row that fits, the latest of equals."""
    space: list[int] = []
    touched: list[int] = []
    chosen = []
    for clock, size in enumerate(sizes):
        fitting = [row for row, free in enumerate(space) if free >= size]
        row = min(fitting, key=lambda row: (space[row], -touched[row])) if fitting else len(space)
        if row == len(space):
            space.append(length)
            touched.append(clock)
        space[row] -= size
        touched[row] = clock
        chosen.append(row)
    return chosen


@given(LENGTHS, st.integers(2, 40))
def test_the_tree_finds_what_a_search_of_all_rows_finds(lengths, length):
    remainders = lengths[lengths < length]
    pieces = best_fit(remainders, length)
    in_order = np.argsort(-remainders, kind="stable")
    expected = dict(zip(in_order.tolist(), fit_by_search(remainders[in_order], length), strict=True))
    assert dict(zip(pieces.document.tolist(), pieces.sequence.tolist(), strict=True)) == expected


def test_the_trade_off_on_realistic_lengths():
    lengths = np.maximum(1, np.random.default_rng(0).lognormal(6, 1.2, 20_000)).astype(np.int64)
    cut = {
        pack: np.count_nonzero(np.bincount(pack(lengths, 1024).document) > 1) for pack in (concat_and_chunk, best_fit)
    }
    fill = {pack: lengths.sum() / (pack(lengths, 1024).sequences * 1024) for pack in (concat_and_chunk, best_fit)}
    assert cut[best_fit] == np.count_nonzero(lengths > 1024) < cut[concat_and_chunk] / 2
    assert fill[concat_and_chunk] > fill[best_fit] > 0.99


@STRATEGIES
def test_no_documents_give_no_rows(pack):
    pieces = pack(np.array([], np.int64), 8)
    assert (pieces.sequences, len(pieces.document)) == (0, 0)
