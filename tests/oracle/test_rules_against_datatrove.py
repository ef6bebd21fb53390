"""Keep or drop, first reason, rewritten text and language are those of datatrove 0.10.1 on real text."""

import sysconfig
import zipfile
from pathlib import Path

import pytest
from oracle import chains, texts
from oracle.agreement import GOALS, compare

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

DOCUMENTS = 150  # of each language; `make parity` takes all
LENGTHS = (80, 300, 1000, 4000, 12_000)


@pytest.fixture(scope="module", params=texts.LANGUAGES)
def comparison(request, quick_corpus):
    return compare(texts.documents("quick", request.param, DOCUMENTS), request.param)


@pytest.fixture(scope="module")
def prose_and_code(peer, shared_data):
    """English prose in pieces of many lengths, and whatever files the packages installed here bring along."""
    found = list(pieces((shared_data / "wikitext2" / "test.txt").read_text("utf-8")[:150_000]))
    for archive in sorted((shared_data / "speeches").glob("*.zip")):
        with zipfile.ZipFile(archive) as files:
            names = [name for name in sorted(files.namelist()) if name.endswith(".txt")][::60]
            found += [piece for name in names for piece in pieces(files.read(name).decode("latin-1"))]
    for name in ("pydantic", "numba", "pyarrow", "nbformat"):
        for path in sorted((Path(sysconfig.get_path("purelib")) / name).rglob("*.py"))[::12]:
            found.append(path.read_bytes()[:20_000].decode("utf-8", errors="replace"))
    return compare({str(i): text for i, text in enumerate(found)}, "en")


def pieces(text):
    """Documents of different lengths, from one text."""
    position = i = 0
    while position < len(text):
        length = LENGTHS[i % len(LENGTHS)]
        yield text[position : position + length]
        position += length
        i += 1


@pytest.mark.parametrize("chain", chains.CHAINS)
def test_a_chain_keeps_and_drops_for_the_same_first_reason(comparison, chain):
    tally = comparison.tallies[chain]
    assert 0 < tally.dropped < tally.documents == DOCUMENTS
    assert tally.reason_share >= GOALS[comparison.language], comparison.differences


@pytest.mark.parametrize("chain", chains.CHAINS)
def test_each_rule_set_alone_gives_the_same_first_reason(comparison, chain):
    for rule_set in chains.policy(chain).order:
        tally = comparison.tallies[f"{chain} {rule_set}"]
        assert 0 < tally.dropped < tally.documents == tally.same_decision
        assert not unexplained(comparison, f"{chain} {rule_set}")


def test_what_c4_keeps_is_rewritten_alike(comparison):
    tally = comparison.tallies["c4 text"]
    assert tally.documents > 0
    assert tally.same_reason == tally.documents, comparison.differences


def test_the_same_model_gives_the_same_language_and_score(comparison):
    for about in ("language", "language score"):
        tally = comparison.tallies[about]
        assert tally.same_reason == tally.documents, comparison.differences


@pytest.mark.parametrize("chain", chains.CHAINS)
def test_prose_and_code_of_every_length_fare_alike(prose_and_code, chain):
    tally = prose_and_code.tallies[chain]
    assert 0 < tally.dropped < tally.documents == tally.same_decision
    assert not unexplained(prose_and_code, chain)


def unexplained(comparison, about):
    """Differences but for documents that fail both of C4's document rules: docs/parity.md tells which is named."""
    both = ("c4.curly_bracket", "c4.lorem_ipsum")
    return [d for d in comparison.differences if d.about == about and (d.theirs, d.ours) != both]
