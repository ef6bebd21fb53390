import hashlib
import struct

import numpy as np
import pytest
import spacy
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup.config import MinHashConfig
from pipelines.dedup.minhash import MERSENNE_PRIME, MinHasher, bands, permutations
from pipelines.words.normalise import simplify

FOX = "The quick brown fox jumps over the lazy dog near the river bank today."
CONFIG = MinHashConfig(language="en")

# Words that exercise the normalisation: numbers, marks, punctuation within and around, what spaCy splits.
WORDS = ["can't", "Café", "1,234.56", "–", "the", "of", "(and)", "…", "e-mail", "ﬁn", "東京", "ß", "İ", "gonna"]
TEXTS = st.lists(st.sampled_from(WORDS)).map(" ".join)

ENGLISH = spacy.blank("en")


def by_the_book(text: str, config: MinHashConfig = CONFIG) -> list[int] | None:
    """The signature from its definition, in whole numbers that never overflow by accident."""
    words = [token.text for token in ENGLISH(simplify(text)) if token.text.strip()]
    shingles = [" ".join(words[i : i + config.n_gram]).encode() for i in range(len(words) - config.n_gram + 1)]
    if config.hash == "xxhash":
        hashes = [xxhash.xxh64_intdigest(shingle) for shingle in shingles]
    else:
        hashes = [struct.unpack("<Q", hashlib.sha1(shingle).digest()[:8])[0] for shingle in shingles]
    pairs = zip(*(side.tolist() for side in permutations(config.seed, config.permutations)), strict=True)
    return [min((h * a + b) % 2**64 % (2**61 - 1) for h in hashes) for a, b in pairs] if hashes else None


def test_permutations_are_the_published_ones():
    multipliers, increments = permutations(seed=1, count=112)
    assert multipliers[:2].tolist() == [775169054918279404, 1758426461858698313]
    assert increments[:2].tolist() == [1062448801025099917, 1324811268927594100]


@pytest.mark.parametrize(
    ("algorithm", "first_bucket"),
    [
        ("xxhash", [85330943174081874, 5684921751207494, 285742329127442222]),
        ("sha1", [197166454002902972, 284080765670708113]),
    ],
)
def test_signature_is_the_published_one(algorithm, first_bucket):
    signatures = MinHasher(MinHashConfig(hash=algorithm)).signatures([FOX])
    assert signatures.minima[0, : len(first_bucket)].tolist() == first_bucket


@settings(deadline=None)
@given(TEXTS, st.sampled_from(["xxhash", "sha1"]))
def test_signature_follows_its_definition(text, algorithm):
    config = MinHashConfig(hash=algorithm, buckets=2)
    signatures = MinHasher(config).signatures([text])
    expected = by_the_book(text, config)
    assert signatures.present.tolist() == [expected is not None]
    assert expected is None or signatures.minima[0].tolist() == expected


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6), st.integers(0, 6))
def test_batch_boundaries_change_nothing(texts, cut):
    hasher = MinHasher(CONFIG)
    whole = MinHasher(CONFIG).signatures(texts)
    parts = [hasher.signatures(texts[cut:]), hasher.signatures(texts[:cut])]
    assert np.array_equal(whole.minima, np.concatenate([parts[1].minima, parts[0].minima]))
    assert np.array_equal(whole.present, np.concatenate([parts[1].present, parts[0].present]))


def test_too_few_words_make_no_signature():
    assert MinHasher(CONFIG).signatures(["", "one two three four", "one two three four five"]).present.tolist() == [
        False,
        False,
        True,
    ]


def test_numbers_and_punctuation_make_no_difference():
    minima = MinHasher(CONFIG).signatures(["Order 17 of the day: read it!", "order 4 of the day, READ it"]).minima
    assert np.array_equal(minima[0], minima[1])


def test_shingles_are_sorted_sets():
    shingles = MinHasher(CONFIG).shingles(["a b c d e a b c d e", "too short", FOX])
    assert np.diff(shingles.offsets).tolist() == [5, 0, 10]
    assert shingles[0].tolist() == sorted(xxhash.xxh64_intdigest(" ".join("abcdeabcde"[i : i + 5])) for i in range(5))


def test_a_bucket_key_depends_on_all_minima_of_its_band_and_no_other():
    minima = np.arange(16, dtype=np.uint64).reshape(1, 16)
    before = bands(minima, buckets=2)
    minima[0, 15] += np.uint64(1)
    after = bands(minima, buckets=2)
    assert (before == after).tolist() == [[True, False]]
    assert before[0, 0] == np.uint64(xxhash.xxh64_intdigest(struct.pack("<8Q", *range(8)))).astype(np.int64)


def test_minima_stay_below_the_prime():
    minima = MinHasher(CONFIG).signatures([FOX] * 3).minima
    assert (minima < MERSENNE_PRIME).all()
