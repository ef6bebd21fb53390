"""What the peers' scripts add to their libraries does what the comparison says."""

import pytest
from tokenizers import pre_tokenizers

from benchmarks.peers.encoders.peer import _bytes_of_characters
from benchmarks.peers.sketches.peer import firsts, grams
from benchmarks.process import REPOSITORY
from benchmarks.suite.encoders import _differing, _digests

PEERS = sorted(file.parent.name for file in (REPOSITORY / "benchmarks" / "peers").glob("*/requirements.txt"))


def test_grams_are_five_words_and_short_texts_have_none():
    assert grams("A b c, d E f") == ["a b c d e", "b c d e f"]
    assert grams("only four words here") == []


def test_the_first_of_each_component_stays():
    neighbours = [[0], [1, 3], [2], [1, 3, 4], [3, 4], [5]]
    assert firsts(neighbours, [True] * 6) == [True, True, True, False, False, True]


def test_documents_without_grams_are_never_duplicates():
    assert firsts([[0, 1], [0, 1]], [True, False]) == [True, True]


def test_byte_level_characters_are_those_of_the_library():
    assert sorted(_bytes_of_characters()) == sorted(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(_bytes_of_characters().values()) == list(range(256))


def test_documents_with_other_ids_are_counted(tmp_path):
    (tmp_path / "ours").write_bytes(b"11111111" + b"22222222")
    (tmp_path / "theirs").write_bytes(b"11111111" + b"33333333")
    assert _differing(_digests(tmp_path / "ours"), _digests(tmp_path / "theirs")) == 1
    with pytest.raises(RuntimeError, match="ids of 1 documents, and of 2"):
        _differing([b"11111111"], _digests(tmp_path / "theirs"))


@pytest.mark.parametrize("name", PEERS)
def test_every_requirement_of_a_peer_is_pinned(name):
    lines = (REPOSITORY / "benchmarks" / "peers" / name / "requirements.txt").read_text().splitlines()
    assert lines
    assert all("==" in line for line in lines)
