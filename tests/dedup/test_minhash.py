import hashlib
import struct

import numpy as np
import pytest
import spacy
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from prose import prose

from pipelines.dedup.config import MinHashConfig
from pipelines.dedup.minhash import MERSENNE_PRIME, MinHasher, bands, permutations
from pipelines.words.methods import SEGMENTED
from pipelines.words.normalise import segments, simplify
from pipelines.words.splitter import word_splitter

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
    config = MinHashConfig(hash=algorithm, buckets=2, language="en")
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


def similarity(left: str, right: str, config: MinHashConfig) -> float:
    """Jaccard similarity of two texts' shingles."""
    shingles = MinHasher(config).shingles([left, right])
    first, second = set(shingles[0].tolist()), set(shingles[1].tolist())
    return len(first & second) / len(first | second)


def share_a_band(left: str, right: str, config: MinHashConfig) -> bool:
    minima = MinHasher(config).signatures([left, right]).minima
    keys = bands(minima, config.buckets)
    return bool((keys[0] == keys[1]).any())


def thinned(text: str, language: str) -> str:
    """Without every thirtieth word."""
    found = word_splitter(language)([text])
    lost = [found.vocabulary.strings[word] for word in found.ids][15::30]
    for word in lost:
        text = text.replace(word, "", 1)
    return text


@pytest.mark.parametrize("language", SEGMENTED)
def test_near_duplicates_are_found_in_scripts_without_spaces(language):
    text = prose()[language if language in prose() else "zh"]
    near = thinned(text, language)
    assert near != text
    assert similarity(text, near, MinHashConfig()) >= MinHashConfig().threshold
    assert share_a_band(text, near, MinHashConfig())


def test_chinese_with_some_words_replaced_is_a_near_duplicate():
    text = prose()["zh"]
    near = text
    for word, other in {"高山": "雪山", "最早": "最初", "洪水": "水灾", "许多种": "多种", "修建": "建造"}.items():
        assert word in near
        near = near.replace(word, other, 1)
    assert similarity(text, near, MinHashConfig()) >= MinHashConfig().threshold
    assert share_a_band(text, near, MinHashConfig())


def test_different_texts_in_one_such_script_have_little_in_common():
    halves = [prose()["zh"][:150], prose()["zh"][150:]]
    assert similarity(*halves, MinHashConfig()) < 0.1


@settings(deadline=None)
@given(st.lists(st.sampled_from([word for word in WORDS if word != "東京"])).map(" ".join))
def test_texts_without_such_scripts_have_the_signatures_of_english(text):
    by_default, english = (MinHasher(config).signatures([text]) for config in (MinHashConfig(), CONFIG))
    assert by_default.present.tolist() == english.present.tolist()
    assert not english.present[0] or np.array_equal(by_default.minima, english.minima)


def test_shingles_are_two_words_long_where_no_spaces_are_written_and_five_elsewhere():
    shingles = MinHasher(MinHashConfig()).shingles(["one two three four five 河流流入大海"])
    expected = ["one two three four five", "two three four five 河流", "three four five 河流 流入"]
    expected += ["four five 河流 流入 大海", "河流 流入", "流入 大海"]
    assert shingles[0].tolist() == sorted(xxhash.xxh64_intdigest(shingle) for shingle in expected)


def test_marks_are_removed_after_words_are_found():
    """Dictionaries list Thai words with their vowel signs, which normalisation takes away."""
    hasher = MinHasher(MinHashConfig(n_gram=1, segmented_n_gram=1))
    assert hasher.shingles(["แม่น้ำ"])[0].tolist() == [xxhash.xxh64_intdigest(simplify("แม่น้ำ"))]


@pytest.mark.parametrize("language", [*SEGMENTED, "mul"])
def test_a_language_without_spaces_by_name_is_segmented_too(language):
    assert segments(language)
    assert MinHasher(MinHashConfig(language=language)).signatures([prose()["ja"]]).present[0]
