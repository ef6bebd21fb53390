"""A lake of a thousand commits is opened in few requests, and a run that finds nothing new makes few."""

import shutil
import time

import corpus
import fault_lakes
import pytest
from commands import succeed
from conftest import new_bucket
from faulty_proxy import Delay
from old_lakes import lengthen

from jobs.commands.tables import describe
from lake.lake import Lake


@pytest.fixture(scope="module")
def old(server, tmp_path_factory):
    """(configuration, bucket, URI) of a lake with a thousand commits."""
    folder, bucket = tmp_path_factory.mktemp("old"), new_bucket(server)
    config = fault_lakes.write_config(folder / "run.yaml", folder / "lake", corpus.make(folder / "corpus", 30))
    succeed("run", config)
    assert lengthen(folder / "lake", 1000) >= 1000
    shutil.copytree(folder / "lake", bucket.folder / "lake")
    return config, bucket, bucket.uri("lake")


def opened(lake):
    """What `tokenlake tables` shows."""
    lake.open_all()
    return [describe(lake, name, {}) for name in lake.tables()]


def test_it_is_opened_in_under_two_seconds(old):
    _, _, uri = old
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        lake = Lake(uri)
        found = opened(lake)
        seconds.append(time.monotonic() - started)
    assert sum(one["version"] + 1 for one in found) >= 1000
    print(f"opened in {min(seconds):.2f} s")
    assert min(seconds) < 2, seconds


def test_what_it_costs_does_not_grow_with_the_log(old, proxy):
    _, _, uri = old
    lake = Lake(uri)
    tables = opened(lake)
    print(f"{len(proxy.seen)} requests for {len(tables)} tables")
    assert len(proxy.seen) < 45 * len(tables)


def test_a_run_that_finds_nothing_new_commits_nothing(old, proxy):
    config, bucket, uri = old
    before = len(list((bucket.folder / "lake").glob("*/_delta_log/*.json")))
    succeed("run", config, "--lake", uri)
    assert len(list((bucket.folder / "lake").glob("*/_delta_log/*.json"))) == before
    print(f"a run without news: {len(proxy.seen)} requests")
    assert len(proxy.seen) < 1500


def test_what_latency_makes_of_it(old, proxy):
    """Twenty milliseconds for each request, as of a store in another building."""
    proxy.rule = lambda request: Delay(0.02)
    started = time.monotonic()
    tables = opened(Lake(old[2]))
    seconds = time.monotonic() - started
    print(f"opened {len(tables)} tables in {seconds:.2f} s with 20 ms a request")
    assert seconds < 15
