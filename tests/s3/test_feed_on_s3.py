"""A feed of a table on an object store: the same samples, few requests, and no hang when the store is away."""

import itertools
import multiprocessing
import shutil
import time

import pytest
from conftest import set_environment
from faulty_proxy import CutBody, Delay, Refuse
from sequence_tables import append, packed_rows

from pipelines.errors import MissingPathError
from pipelines.storage import object_files
from pipelines.storage.errors import StorageError
from training.feed.cache import Cache
from training.feed.errors import FeedError
from training.feed.opening import open_feed
from training.feed.order import Shuffle

SHUFFLE = Shuffle(16, 16)
ROWS = 3000


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A table of several files in a local lake."""
    root = tmp_path_factory.mktemp("lake")
    append(root, packed_rows(ROWS), files=5)
    return str(root)


@pytest.fixture
def remote(local, bucket):
    """The same table on the server."""
    shutil.copytree(local, bucket.folder / "lake")
    return bucket.uri("lake")


def taken(lake, **options):
    """Every batch of a feed as plain values."""
    settings = {"global_batch_size": 12, "epochs": 1, "seed": 3, "shuffle": SHUFFLE, "tail": "pad"} | options
    return [
        (batch.ids.tolist(), batch.doc_lengths.tolist(), batch.row.tolist(), batch.samples)
        for batch in open_feed(lake, "causal", **settings)
    ]


def test_the_samples_are_those_of_the_local_table(local, remote):
    assert taken(remote) == taken(local)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_any_number_of_ranks_takes_the_same_samples(local, remote, ranks):
    of_rank = [taken(remote, rank=rank, ranks=ranks) for rank in range(ranks)]
    together = [list(itertools.chain(*(step[0] for step in steps))) for steps in zip(*of_rank, strict=True)]
    assert together == [ids for ids, _, _, _ in taken(local)]


def test_a_feed_goes_on_from_its_state_through_a_cache(local, remote, tmp_path):
    cache = Cache(str(tmp_path / "cache"), 64 << 20)
    settings = {"global_batch_size": 12, "epochs": 1, "seed": 3, "shuffle": SHUFFLE, "tail": "pad", "cache": cache}
    first = open_feed(remote, "causal", **settings)
    found = [batch.row.tolist() for batch in itertools.islice(first, 100)]
    found += [batch.row.tolist() for batch in open_feed(remote, "causal", state=first.state(), **settings)]
    assert found == [row for _, _, row, _ in taken(local)]


@pytest.mark.parametrize("cached", [False, True])
def test_workers_of_a_torch_loader_read_the_same_samples(local, remote, tmp_path, cached):
    from training.feed.torch_batches import FeedLoader

    cache = Cache(str(tmp_path / "cache"), 64 << 20) if cached else None
    settings = {"global_batch_size": 12, "epochs": 1, "seed": 3, "shuffle": SHUFFLE, "tail": "pad", "cache": cache}
    # A fork server has the environment of its first use, which may be that of an earlier test.
    loader = FeedLoader(open_feed(remote, "causal", **settings), workers=2, multiprocessing_context="spawn")
    assert [batch.token_ids().tolist() for batch in loader] == [ids for ids, _, _, _ in taken(local)]


def data_requests(proxy):
    """(path, status) of each request for a part of a data file."""
    return [(request.path, status) for request, status in proxy.seen if "part-" in request.path]


def test_a_second_epoch_asks_the_store_for_nothing(remote, proxy, tmp_path):
    cache = Cache(str(tmp_path / "cache"), 64 << 20)
    once = taken(remote, cache=cache)
    asked = len(data_requests(proxy))
    assert 5 <= asked <= 10  # files of half a megabyte
    parts = [taken(remote, cache=cache, rank=rank, ranks=2) for rank in range(2)]
    assert [one[0] + other[0] for one, other in zip(*parts, strict=True)] == [ids for ids, _, _, _ in once]
    assert len(data_requests(proxy)) == asked


def samples_of_rank(lake, rank, ranks, cache):
    return [ids for ids, _, _, _ in taken(lake, rank=rank, ranks=ranks, cache=cache)]


def test_processes_of_a_machine_fetch_each_chunk_once(local, remote, proxy, tmp_path):
    cache = Cache(str(tmp_path / "cache"), 64 << 20)
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(samples_of_rank, [(remote, rank, 3, cache) for rank in range(3)], chunksize=1)
    together = [list(itertools.chain(*parts)) for parts in zip(*found, strict=True)]
    assert together == [ids for ids, _, _, _ in taken(local)]
    assert 5 <= len(data_requests(proxy)) <= 10


def test_the_first_batch_asks_for_little_wherever_it_is(remote, proxy):
    settings = {"batch_size": 4, "epochs": 1, "seed": 3, "shuffle": SHUFFLE, "prefetch": 0}
    state = open_feed(remote, "causal", **settings).state(2000)
    for begun in (None, state):
        proxy.seen.clear()
        next(iter(open_feed(remote, "causal", state=begun, **settings)))
        assert len(data_requests(proxy)) <= 3 * 4  # of each row: a footer, its ids, its documents
        assert len(proxy.seen) - len(data_requests(proxy)) <= 8  # for the log


def test_a_store_that_fails_now_and_then(local, remote, proxy):
    times = itertools.count()
    disturbances = (Refuse(503, "SlowDown"), None, CutBody(100), None, Refuse(500, "InternalError"), Delay(0.05))

    def rule(request):
        return disturbances[next(times) % len(disturbances)] if "part-" in request.path else None

    proxy.rule = rule
    assert taken(remote) == taken(local)
    assert {status for _, status in data_requests(proxy)} >= {503, 500, 0}


@pytest.fixture
def impatient(monkeypatch):
    """Gives a store up after a few seconds."""
    from datetime import timedelta

    monkeypatch.setattr(object_files, "RETRIES", {"max_retries": 2, "retry_timeout": timedelta(seconds=3)})
    object_files.store.cache_clear()
    yield
    object_files.store.cache_clear()


@pytest.mark.parametrize("prefetch", [0, 1])
def test_a_store_that_stays_away_is_an_error_and_no_hang(remote, proxy, impatient, prefetch):
    whole = open_feed(remote, "causal", batch_size=12, epochs=1, shuffle=SHUFFLE, prefetch=prefetch)
    opened, began = iter(whole), time.monotonic()
    next(opened)
    proxy.rule = lambda request: Refuse(503, "SlowDown")
    with pytest.raises(StorageError, match=r"part-.*parquet: the store asked for fewer requests for too long"):
        list(opened)
    assert time.monotonic() - began < 60
    proxy.rule = lambda request: None
    object_files.store.cache_clear()
    rest = open_feed(remote, "causal", batch_size=12, epochs=1, shuffle=SHUFFLE, state=whole.state())
    assert sum(len(batch.row) for batch in rest) + whole.state()["samples"] == ROWS


def test_an_object_that_is_deleted_is_named(remote, bucket):
    for file in (bucket.folder / "lake").rglob("part-*.parquet"):
        file.unlink()
    with pytest.raises(FeedError, match=r"s3://.*part-.*: this file of version 0 is gone"):
        taken(remote)


@pytest.mark.parametrize("cached", [False, True])
def test_an_object_that_was_cut_is_named(remote, bucket, tmp_path, cached):
    cut = sorted((bucket.folder / "lake").rglob("part-*.parquet"))[2]
    cut.write_bytes(cut.read_bytes()[:-500])
    cache = Cache(str(tmp_path / "cache"), 64 << 20) if cached else None
    with pytest.raises(FeedError, match=rf"{cut.name}: ends at byte .*, Delta's log says"):
        taken(remote, cache=cache)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "w" * 40}, "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "the store does not know the access key"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "the store does not answer. Check AWS_ENDPOINT_URL"),
    ],
    ids=["wrong secret", "unknown key", "no store there"],
)
def test_a_store_that_refuses_is_no_missing_table(remote, settings, changed, said):
    began = time.monotonic()
    set_environment(settings | changed)
    with pytest.raises(StorageError, match=said) as found:
        open_feed(remote, "causal", batch_size=1)
    assert "w" * 40 not in str(found.value)
    assert str(remote) in str(found.value)
    assert time.monotonic() - began < 60


def test_a_bucket_that_is_not_there_is_named(server):
    with pytest.raises(StorageError, match=r"s3://there-is-none/lake.*: the bucket does not exist"):
        open_feed("s3://there-is-none/lake", "causal", batch_size=1)


def test_a_table_that_is_not_there_is_named(remote):
    with pytest.raises(MissingPathError, match=r"no table sequences_other"):
        open_feed(remote, "other", batch_size=1)
    with pytest.raises(MissingPathError, match=r"no table sequences_causal of version 9"):
        open_feed(remote, "causal", 9, batch_size=1)
