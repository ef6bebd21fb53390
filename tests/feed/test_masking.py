"""Which tokens are hidden, how many, and by what; the same in any batch."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.tables import SequenceFormat
from training.feed.errors import FeedMisuseError
from training.feed.masking import IGNORED, Masking, mask
from training.feed.tokenizer_json import WordParts

VOCABULARY, START, SEPARATOR, PAD, HIDDEN = 500, 0, 1, 2, 3
SPECIAL = frozenset((START, SEPARATOR, PAD, HIDDEN))
SETTINGS = Masking(HIDDEN, VOCABULARY, SPECIAL)
ENDS = np.random.default_rng(9).integers(0, 2, VOCABULARY).astype(np.uint8)
ENDS[list(SPECIAL)] = 0
WORDS = WordParts(ENDS, np.where(np.isin(np.arange(VOCABULARY), list(SPECIAL)), 0, 1).astype(np.uint8))
WHOLE = Masking(HIDDEN, VOCABULARY, SPECIAL, words=WORDS)


def some_rows(count, length=64, seed=0, dtype="<u2"):
    """Rows `start A separator B separator padding`."""
    chance = np.random.default_rng(seed)
    ids = chance.integers(4, VOCABULARY, (count, length)).astype(dtype)
    ids[:, 0] = START
    for row in range(count):
        first, last = np.sort(chance.choice(np.arange(2, length), 2, replace=False))
        ids[row, [first, last]] = SEPARATOR
        ids[row, last + 1 :] = PAD
    return ids


def masked(ids, settings=SETTINGS, seed=1, epoch=0, keys=None):
    keys = np.arange(len(ids), dtype=np.uint64) if keys is None else keys
    return mask(ids, settings.maskable(ids), keys, seed, epoch, settings)


def within(share, wanted, count):
    """Whether a share is within five standard deviations of a binomial distribution."""
    return abs(share - wanted) < 5 * math.sqrt(wanted * (1 - wanted) / count)


rows_of_any_shape = st.tuples(st.integers(1, 9), st.integers(4, 80), st.integers(0, 999)).map(
    lambda shape: some_rows(shape[0], shape[1], shape[2])
)


@given(rows_of_any_shape)
def test_the_count_of_each_row_is_its_share_rounded_half_up_and_one_at_least(ids):
    _, labels = masked(ids)
    tokens = SETTINGS.maskable(ids).sum(1)
    wanted = [max(1, math.floor(n * 0.15 + 0.5)) if n else 0 for n in tokens]
    assert (labels != IGNORED).sum(1).tolist() == wanted


@given(rows_of_any_shape, st.sampled_from([SETTINGS, WHOLE]))
def test_labels_are_what_was_there_and_all_other_tokens_stay(ids, settings):
    inputs, labels = masked(ids, settings)
    chosen = labels != IGNORED
    assert (labels[chosen] == ids[chosen]).all()
    assert (inputs[~chosen] == ids[~chosen]).all()
    assert inputs.dtype == ids.dtype
    assert labels.dtype == np.int32


@given(rows_of_any_shape, st.sampled_from([SETTINGS, WHOLE]))
def test_special_tokens_are_never_chosen_and_never_a_replacement(ids, settings):
    inputs, labels = masked(ids, settings)
    chosen = labels != IGNORED
    assert not np.isin(ids[chosen], list(SPECIAL)).any()
    assert not np.isin(inputs[chosen], [START, SEPARATOR, PAD]).any()
    assert inputs.max() < VOCABULARY


@given(
    st.integers(0, 2**63), st.integers(0, 9), st.sampled_from([SETTINGS, WHOLE]), st.permutations(range(12)),
    st.integers(1, 12),
)  # fmt: skip
def test_the_mask_of_a_row_does_not_depend_on_its_batch(seed, epoch, settings, order, size):
    ids, keys = some_rows(12, 40), np.arange(12, dtype=np.uint64) * 7
    inputs, labels = masked(ids, settings, seed, epoch, keys)
    chosen = np.array(order[:size])
    again = masked(ids[chosen], settings, seed, epoch, keys[chosen])
    assert (again[0] == inputs[chosen]).all()
    assert (again[1] == labels[chosen]).all()


def test_large_batches_are_masked_as_small_ones():
    """A batch is worked on in blocks."""
    ids = some_rows(3000)
    inputs, labels = masked(ids)
    for begin in (0, 511, 1024, 2999):
        part = slice(begin, begin + 7)
        again = masked(ids[part], keys=np.arange(3000, dtype=np.uint64)[part])
        assert (again[0] == inputs[part]).all()
        assert (again[1] == labels[part]).all()


def test_seed_epoch_and_key_each_change_the_mask():
    ids = some_rows(50)
    labels = masked(ids)[1]
    for other in (masked(ids, seed=2), masked(ids, epoch=1), masked(ids, keys=np.arange(50, 100, dtype=np.uint64))):
        assert (other[1] != labels).any(1).mean() > 0.9


def test_each_row_may_have_an_epoch_of_its_own():
    ids = some_rows(10)
    epochs = np.arange(10) % 3
    inputs, labels = masked(ids, epoch=epochs)
    for row in range(10):
        keys = np.array([row], np.uint64)
        [again], [its_labels] = masked(ids[row : row + 1], epoch=int(epochs[row]), keys=keys)
        assert (again == inputs[row]).all()
        assert (its_labels == labels[row]).all()


@pytest.mark.parametrize("settings", [SETTINGS, WHOLE], ids=["tokens", "whole words"])
def test_of_the_chosen_tokens_80_percent_are_hidden_10_random_10_stay(settings):
    ids = some_rows(20_000)
    inputs, labels = masked(ids, settings)
    chosen = labels != IGNORED
    count = chosen.sum()
    assert count > 50_000
    same = 1 / len(SETTINGS.allowed)  # a random token can be the one that was there
    assert within((inputs[chosen] == HIDDEN).mean(), 0.8, count)
    assert within((inputs[chosen] == labels[chosen]).mean(), 0.1 + 0.1 * same, count)


def test_every_place_is_chosen_with_equal_chance():
    ids = np.full((40_000, 20), 9, np.uint16)
    shares = (masked(ids)[1] != IGNORED).mean(0)
    assert all(within(share, 3 / 20, len(ids)) for share in shares)


def test_two_places_are_chosen_independently_but_for_the_fixed_count():
    ids = np.full((40_000, 20), 9, np.uint16)
    chosen = masked(ids)[1] != IGNORED
    for other in (1, 2, 10, 19):
        assert within((chosen[:, 0] & chosen[:, other]).mean(), 3 / 20 * 2 / 19, len(ids))


def test_random_tokens_are_all_that_are_not_special_with_equal_chance():
    ids = some_rows(20_000)
    settings = Masking(HIDDEN, VOCABULARY, frozenset({*SPECIAL, 100, 101, 499}), share=0.5, masked=0.0, replaced=1.0)
    inputs, labels = masked(ids, settings)
    counts = np.bincount(inputs[labels != IGNORED], minlength=VOCABULARY)
    allowed = np.setdiff1d(np.arange(VOCABULARY), list(settings.special_ids))
    assert counts[list(settings.special_ids)].sum() == 0
    mean = counts.sum() / len(allowed)
    assert mean > 500
    assert np.abs(counts[allowed] - mean).max() < 5 * math.sqrt(mean)


@given(rows_of_any_shape, st.floats(0.05, 0.9))
def test_words_are_masked_whole(ids, share):
    settings = Masking(HIDDEN, VOCABULARY, SPECIAL, share=share, words=WORDS)
    chosen = masked(ids, settings)[1] != IGNORED
    maskable = settings.maskable(ids)
    continues = (WORDS.first[ids[:, 1:]] == 1) & maskable[:, 1:] & maskable[:, :-1]
    assert (chosen[:, 1:] == chosen[:, :-1])[continues].all()


@given(rows_of_any_shape)
def test_the_count_of_whole_words_is_as_near_to_the_share_as_they_allow(ids):
    chosen, maskable = masked(ids, WHOLE)[1] != IGNORED, WHOLE.maskable(ids)
    begins = WORDS.begins(ids, maskable)
    for row in np.flatnonzero(maskable.any(1)):
        wanted, found = max(1, math.floor(maskable[row].sum() * 0.15 + 0.5)), chosen[row].sum()
        longest = np.bincount(np.cumsum(begins[row])[maskable[row]]).max()
        assert found > 0
        assert wanted - found <= longest / 2
        if (begins[row] & chosen[row]).sum() > 1:
            assert found - wanted <= longest / 2


def test_whole_words_are_chosen_by_the_share_on_average():
    ids = np.random.default_rng(0).integers(4, VOCABULARY, (5_000, 256)).astype(np.uint16)
    assert abs((masked(ids, WHOLE)[1] != IGNORED).mean() - 0.15) < 0.001


def test_a_row_of_special_tokens_stays():
    ids = np.full((3, 10), PAD, np.uint16)
    inputs, labels = masked(ids)
    assert (inputs == PAD).all()
    assert (labels == IGNORED).all()


def test_a_share_of_none_masks_nothing():
    ids = some_rows(10)
    assert (masked(ids, Masking(HIDDEN, VOCABULARY, SPECIAL, share=0.0))[1] == IGNORED).all()


@pytest.mark.parametrize("length", [3001, 40_000], ids=["selected", "of 64 bits"])
def test_long_rows_have_the_same_count(length):
    ids = np.full((2, length), 9, "<u4")
    _, labels = masked(ids)
    assert (labels != IGNORED).sum(1).tolist() == [math.floor(length * 0.15 + 0.5)] * 2


def test_rows_of_32_bits_are_masked_as_those_of_16():
    narrow, wide = some_rows(20), some_rows(20, dtype="<u4")
    assert (masked(narrow)[1] == masked(wide)[1]).all()


def test_the_masks_of_a_seed_stay_what_they_are():
    """Another mask under the same seed would change what a resumed run sees."""
    ids = np.arange(4, 36, dtype=np.uint16).reshape(2, 16)
    inputs, labels = masked(ids, seed=7, epoch=2)
    assert [np.flatnonzero(row != IGNORED).tolist() for row in labels] == [[3, 15], [5, 9]]
    assert inputs[labels != IGNORED].tolist() == [3, 3, 3, 3]


def test_settings_follow_from_a_table_and_its_tokenizer():
    described = SequenceFormat("masked", 64, 16, PAD, SEPARATOR, "t", start_id=START, mask_id=HIDDEN, vocabulary=500)
    tokenizer = {"added_tokens": [{"id": 77, "special": True}, {"id": 78, "special": False}], "model": {"vocab": {}}}
    settings = Masking.of(described, tokenizer, share=0.2)
    assert settings.special_ids == SPECIAL | {77}
    assert (settings.mask_id, settings.vocabulary, settings.share) == (HIDDEN, 500, 0.2)


def test_a_causal_table_is_refused():
    causal = SequenceFormat("causal", 64, 16, PAD, SEPARATOR, "t")
    with pytest.raises(FeedMisuseError, match="objective causal names no mask token"):
        Masking.of(causal, {})


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"share": 1.5}, r"masking\.share is 1\.5"),
        ({"masked": 0.95, "replaced": 0.2}, "more than all tokens"),
        ({"special_ids": frozenset(range(VOCABULARY))}, "none can be a random token"),
        ({"words": WordParts(ENDS[:10], ENDS[:10])}, "knows 10 ids, the vocabulary has 500"),
    ],
)
def test_settings_that_cannot_be_are_refused(changed, why):
    with pytest.raises(FeedMisuseError, match=why):
        Masking(**{"mask_id": HIDDEN, "vocabulary": VOCABULARY, "special_ids": SPECIAL, **changed})


def test_masking_needs_numpy_alone():
    code = """
import sys
for name in ("pyarrow", "torch", "pyspark", "deltalake", "numba", "tokenizers"):
    sys.modules[name] = None  # importing it fails
import training.feed.masking
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_an_id_beyond_the_vocabulary_is_refused():
    with pytest.raises(FeedMisuseError, match="an id is 600, the vocabulary has 500"):
        SETTINGS.maskable(np.full((1, 4), 600, np.uint16))
