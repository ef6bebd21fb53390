"""With the switch, the libraries themselves do the work, and the results are those of the kernels."""

import numpy as np
import pytest

from pipelines.dedup.config import MinHashConfig
from pipelines.dedup.minhash import MinHasher
from pipelines.dedup.xxh64 import hash_ranges
from pipelines.kernels.batch import TextBatch
from pipelines.language import identification
from pipelines.reference import VARIABLE, uses_library
from pipelines.words import spacy_rules, spacy_words

TEXTS = [
    "The quick brown fox can't jump over 1,234.56 lazy dogs at 10 a.m. (see http://example.com/a_b).",
    "Der Hund schläft z.B. um 8 Uhr; u.s.w. -- aujourd'hui l'homme n'est-ce pas?",
    "素早い茶色の狐がのろまな犬を飛び越えた\nА собака спит.",
    " \n\t",
    "",
]


def forbidden(*_arguments):
    raise AssertionError("the other side of the switch did the work")


def test_spacy_itself_finds_the_same_words(monkeypatch):
    chunks = TextBatch.from_strings([chunk for text in TEXTS for chunk in text.split()])
    for language in ("en", "de", "fr", "xx"):
        ours = spacy_words.split_chunks(chunks, language)
        with monkeypatch.context() as patch:
            patch.setenv(VARIABLE, "spacy")
            patch.setattr(spacy_rules, "rules", forbidden)
            patch.setattr(spacy_words, "_rules", forbidden)
            theirs = spacy_words.split_chunks(chunks, language)
        assert theirs.words.strings() == ours.words.strings()
        assert theirs.counts.tolist() == ours.counts.tolist()


def test_fasttext_itself_finds_the_same_languages(monkeypatch):
    codes, scores = identification.identify(TEXTS)
    monkeypatch.setenv(VARIABLE, "fasttext")
    monkeypatch.setattr(identification, "_model", forbidden)
    their_codes, their_scores = identification.identify(TEXTS)
    assert their_codes == codes
    assert their_scores == pytest.approx(scores, abs=1.5e-5)


def test_xxhash_itself_makes_the_same_hashes_and_signatures(monkeypatch):
    buffer = np.frombuffer("".join(TEXTS).encode(), np.uint8)
    starts = np.arange(0, 200, 7)
    hashes = hash_ranges(buffer, starts, starts + 60)
    signatures = MinHasher(MinHashConfig()).signatures(TEXTS)
    monkeypatch.setenv(VARIABLE, "xxhash, spacy")
    monkeypatch.setattr("pipelines.dedup.xxh64._hash_ranges", forbidden)
    assert hash_ranges(buffer, starts, starts + 60).tolist() == hashes.tolist()
    assert MinHasher(MinHashConfig()).signatures(TEXTS).minima.tolist() == signatures.minima.tolist()


def test_the_kernels_are_the_default(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert not any(uses_library(name) for name in ("spacy", "fasttext", "xxhash"))


def test_an_unknown_library_is_named(monkeypatch):
    monkeypatch.setenv(VARIABLE, "spacy,xxh3")
    with pytest.raises(ValueError, match="TOKENLAKE_REFERENCE: xxh3 is none of spacy, fasttext, xxhash"):
        uses_library("spacy")
