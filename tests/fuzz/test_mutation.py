"""Damage is chosen by a seed alone, and does damage."""

from random import Random

import mutation
import pytest

DATA = b"".join(b'{"text": "line %d of some", "n": %d}\n' % (n, n) for n in range(40))


@pytest.mark.parametrize("damage", mutation.MUTATIONS, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("data", [DATA, b"x", b"\n"], ids=["lines", "one byte", "one line end"])
def test_every_mutation_takes_every_file_and_follows_its_seed(damage, data):
    for seed in range(30):
        assert damage(data, DATA, Random(seed)) == damage(data, DATA, Random(seed))


@pytest.mark.parametrize("damage", mutation.MUTATIONS, ids=lambda damage: damage.__name__)
def test_every_mutation_changes_most_files(damage):
    changed = [damage(DATA, DATA[::-1], Random(seed)) != DATA for seed in range(30)]
    assert sum(changed) >= 10


def test_names_tell_what_was_done():
    data, names = mutation.mutate(DATA, DATA, Random(3))
    assert (data, names) == mutation.mutate(DATA, DATA, Random(3))
    assert set(names) <= {damage.__name__ for damage in mutation.MUTATIONS}
