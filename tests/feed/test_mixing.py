"""Which source each sample of a mixture comes from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.feed.mixing import Mix, MixtureError, Phase, bounded, quotas_of

NAMES = "abcd"


@st.composite
def mixes(draw):
    sources = draw(st.integers(1, 4))
    window = draw(st.integers(4, 40))
    starts = sorted(draw(st.sets(st.integers(1, 200), max_size=2)))
    weights = st.lists(st.integers(0, 5), min_size=sources, max_size=sources).filter(any)
    quotas = [quotas_of([1 + w if w else 0 for w in draw(weights)], window * 4, NAMES[:sources]) for _ in (0, *starts)]
    phases = tuple(Phase(start, quota) for start, quota in zip((0, *starts), quotas, strict=True))
    return Mix(phases, window * 4, draw(st.integers(0, 9)))


@settings(deadline=None)
@given(mixes())
def test_every_window_of_a_phase_holds_exactly_the_quotas(mix):
    source, _ = mix.sources_at(np.arange(600))
    for phase, stop in zip(mix.phases, [*(each.start for each in mix.phases[1:]), 600], strict=True):
        for start in range(phase.start, stop - mix.window + 1, mix.window):
            counts = np.bincount(source[start : start + mix.window], minlength=len(phase.quotas))
            assert tuple(counts.tolist()) == phase.quotas


@settings(deadline=None)
@given(mixes(), st.integers(0, 300), st.integers(1, 60))
def test_any_samples_in_a_row_hold_their_share_give_or_take_two(mix, start, size):
    mix = Mix(mix.phases[:1], mix.window, mix.seed)
    source, _ = mix.sources_at(np.arange(start, start + size))
    counts = np.bincount(source, minlength=len(mix.phases[0].quotas))
    assert (np.abs(counts - size * np.array(mix.phases[0].quotas) / mix.window) < 2 + 1e-9).all()


@settings(deadline=None)
@given(mixes(), st.lists(st.integers(0, 500), min_size=1, max_size=30))
def test_single_positions_are_what_the_whole_order_has_there(mix, positions):
    source, before = mix.sources_at(np.arange(501))
    found = mix.sources_at(np.array(positions))
    assert (found[0] == source[positions]).all()
    assert (found[1] == before[positions]).all()
    for each in range(len(mix.phases[0].quotas)):
        assert before[source == each].tolist() == list(range((source == each).sum()))
    assert mix.counts_until(positions[0]) == tuple(
        np.bincount(source[: positions[0]], minlength=len(mix.phases[0].quotas)).tolist()
    )


@settings(deadline=None)
@given(mixes(), st.data())
def test_no_source_gives_more_than_it_has(mix, data):
    sources = len(mix.phases[0].quotas)
    limits = data.draw(st.lists(st.one_of(st.none(), st.integers(0, 120)), min_size=sources, max_size=sources))
    for rule in ("stop", "others"):
        found = bounded(mix, limits, rule, NAMES[:sources])
        length = 800 if found.length is None else min(found.length, 800)
        counts = np.bincount(found.sources_at(np.arange(length))[0], minlength=sources)
        assert all(limit is None or count <= limit for limit, count in zip(limits, counts, strict=True))


def test_stop_ends_before_the_first_sample_that_is_lacking():
    mix = bounded(Mix((Phase(0, (5, 5)),), 10, 1), [7, None], "stop", "ab")
    source, before = Mix(mix.phases, 10, 1).sources_at(np.arange(mix.length + 1))
    assert (source[-1], before[-1]) == (0, 7)


def test_others_share_the_part_of_an_exhausted_source_until_nothing_is_left():
    mix = bounded(Mix((Phase(0, (5, 3, 2)),), 10, 1), [10, 30, 20], "others", "abc")
    source, _ = mix.sources_at(np.arange(mix.length))
    assert np.bincount(source).tolist() == [10, 30, 20]
    second = mix.phases[1]
    assert second.quotas == (0, 6, 4)


def test_a_later_phase_changes_nothing_before_it():
    first = Mix((Phase(0, (7, 3)),), 10, 4)
    longer = Mix((Phase(0, (7, 3)), Phase(105, (1, 9))), 10, 4)
    assert (first.sources_at(np.arange(105))[0] == longer.sources_at(np.arange(105))[0]).all()


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([0.9999, 0.0001], "source b: its weight gives 0.100 of 1,000 samples: .* set window to 10,000 or more"),
        ([1, -1], "source b: weight -1 must be zero or a positive number"),
        ([0, 0], "the weights of a, b sum to zero"),
        ([float("nan"), 1], "source a: weight nan"),
    ],
)
def test_weights_that_cannot_be_kept_are_refused(weights, said):
    with pytest.raises(MixtureError, match=said):
        quotas_of(weights, 1000, "ab")
