"""Signatures and clusters are those of datatrove 0.10.1, on real texts and edited copies of them."""

import random

import pytest
from oracle import environment, explained, minhash, texts
from oracle.agreement import model

from pipelines.dedup.config import MinHashConfig
from pipelines.dedup.minhash import MinHasher

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

DOCUMENTS = 250  # before the copies; `make parity` takes the whole corpus


@pytest.fixture(scope="module")
def documents(quick_corpus):
    """Documents in twelve languages, some a few words long; every third comes again with some words lost, twice."""
    originals = texts.documents("quick", None, DOCUMENTS)
    generator = random.Random(7)
    originals |= {f"{name}#words": " ".join(text.split()[:4]) for name, text in list(originals.items())[:9]}
    return originals | {
        f"{name}#{copy}": _thinned(text, generator) for name, text in list(originals.items())[::3] for copy in "ab"
    }


def _thinned(text: str, generator: random.Random) -> str:
    """Without a random share of its words, between none and one in twenty."""
    share = generator.uniform(0, 0.05)
    return " ".join(word for word in text.split(" ") if generator.random() >= share)


@pytest.fixture(scope="module")
def datatroves(documents):
    return minhash.datatrove(documents, "en", "clusters")


def test_signatures_are_bit_equal(documents, datatroves):
    theirs = minhash.datatroves_signatures(datatroves, documents)
    assert not theirs.present.all()
    assert minhash.equal(theirs, minhash.our_signatures(documents, "en")).all()


def test_parity_mode_finds_the_same_clusters(documents, datatroves, engine, tmp_path):
    theirs = minhash.datatroves_partition(datatroves, documents)
    assert len(theirs) > 50
    assert minhash.our_partition(engine, datatroves / "documents", tmp_path / "lake") == theirs


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("algorithm", ["xxhash", "sha1"])
def test_either_hash_and_any_language_gives_the_same_signature(quick_corpus, language, algorithm):
    written = [*texts.documents("quick", language, 20).values(), *(one.text for one in explained.explained())]
    request = {"language": texts.LANGUAGES[language], "model": model(), "texts": written}
    theirs = [part["signatures"][algorithm] for part in environment.ask("datatrove_parts.py", request)]
    ours = MinHasher(MinHashConfig(hash=algorithm, language=language)).signatures(written)
    assert theirs == [row.tolist() if present else [] for row, present in zip(ours.minima, ours.present, strict=True)]
