"""A feed of sentence pairs on an object store: the same batches, and whole row groups fetched once."""

import shutil

import pytest
from pair_tables import PAIRS, pair_rows
from sequence_tables import append

from training.feed.cache import Cache
from training.feed.opening_translation import open_translation
from training.feed.order import Shuffle


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    append(root, pair_rows(2000), "pairs", PAIRS, files=3)
    return str(root)


@pytest.fixture
def remote(local, bucket):
    """The same table on the server."""
    shutil.copytree(local, bucket.folder / "lake")
    return bucket.uri("lake")


def taken(lake, **options):
    settings = {"tokens": 400, "epochs": 1, "seed": 3, "shuffle": Shuffle(128, 4), "tail": "pad"} | options
    return [(batch.row.tolist(), batch.ids.tolist()) for batch in open_translation(lake, "pairs", **settings)]


def test_the_batches_are_those_of_the_local_table(local, remote):
    assert taken(remote) == taken(local)


def test_ranks_share_a_cache(local, remote, proxy, tmp_path):
    cache = Cache(str(tmp_path / "cache"), 64 << 20)
    parts = [taken(remote, cache=cache, rank=rank, ranks=2) for rank in range(2)]
    together = [batch for step in zip(*parts, strict=True) for batch in step]
    assert [batch for batch in together if batch[0]] == taken(local)
    asked = [request.path for request, _ in proxy.seen]
    assert any("part-" in path for path in asked)
    taken(remote, cache=cache)
    assert not any("part-" in request.path for request, _ in proxy.seen[len(asked) :])
