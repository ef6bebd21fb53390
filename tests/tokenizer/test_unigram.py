from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from pipelines.tokenizer import lattice, unigram
from pipelines.tokenizer.candidates import frequent_substrings

WORDS = st.dictionaries(st.binary(min_size=1, max_size=8), st.integers(1, 5), min_size=1, max_size=8).map(Counter)
SMALL = st.dictionaries(
    st.lists(st.sampled_from(b"abc"), min_size=1, max_size=6).map(bytes), st.integers(1, 5), min_size=1, max_size=8
).map(Counter)


def counted_by_hand(words: Counter[bytes], longest: int) -> Counter[bytes]:
    counts: Counter[bytes] = Counter()
    for word, count in words.items():
        for start in range(len(word)):
            for stop in range(start + 1, min(len(word), start + longest) + 1):
                counts[word[start:stop]] += count
    return counts


@given(SMALL | WORDS, st.integers(2, 4))
def test_candidates_are_the_frequent_substrings(words, at_least):
    candidates = frequent_substrings(words, 4, at_least)
    found = dict(zip(candidates.spelled(), candidates.frequency.tolist(), strict=True))
    expected = {
        piece: count for piece, count in counted_by_hand(words, 4).items() if len(piece) == 1 or count >= at_least
    }
    assert found == expected


@given(SMALL)
def test_edges_say_where_each_candidate_starts(words):
    candidates = frequent_substrings(words, 4, 2)
    text, spelled = candidates.text.tobytes(), candidates.spelled()
    for at in range(len(text)):
        for piece in candidates.edges[candidates.edge_start[at] : candidates.edge_start[at + 1]]:
            assert text[at:].startswith(spelled[piece])


def segmentations(word: bytes, pieces: dict[bytes, int]) -> list[list[int]]:
    if not word:
        return [[]]
    return [
        [pieces[word[:stop]], *rest]
        for stop in range(1, len(word) + 1)
        if word[:stop] in pieces
        for rest in segmentations(word[stop:], pieces)
    ]


@given(SMALL, st.randoms(use_true_random=False))
def test_expected_counts_equal_those_of_all_segmentations_written_out(words, random):
    candidates = frequent_substrings(words, 4, 2)
    score = np.log([random.uniform(0.1, 1) for _ in candidates.length])
    pieces = {piece: number for number, piece in enumerate(candidates.spelled())}
    expected = np.zeros(len(score))
    for word, count in words.items():
        ways = segmentations(word, pieces)
        weights = np.exp([score[way].sum() for way in ways])
        for way, weight in zip(ways, weights / weights.sum(), strict=True):
            np.add.at(expected, way, count * weight)
    np.testing.assert_allclose(lattice.expected_counts(*unigram._words(candidates), score), expected)


def test_bytes_are_spelled_as_the_library_spells_them():
    assert set(unigram.BYTE_CHARACTERS) == set(pre_tokenizers.ByteLevel.alphabet())
    for byte in range(128):
        [(spelled, _)] = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(chr(byte))
        assert spelled == unigram.BYTE_CHARACTERS[byte]


def test_pruning_keeps_every_byte_and_the_size():
    words = Counter({b"banana": 9, b"bandana": 7, b"cabana": 5, b"an": 20})
    candidates, score = unigram._pruned(frequent_substrings(words, 16, 2), 9)
    assert len(score) == 9
    assert {b"a", b"b", b"c", b"d", b"n"} <= set(candidates.spelled())
    assert np.exp(score).sum() == pytest.approx(1, abs=0.25)
