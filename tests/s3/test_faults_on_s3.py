"""Kills, two runs at once, and a store that fails for a while: every lake ends as an undisturbed one."""

import json
import os
import re
import signal
import threading
import time
from collections import Counter
from random import Random

import corpus
import fault_lakes
import lake_rows
import pytest
from commands import succeed, tokenlake
from conftest import new_bucket
from faulty_proxy import CutBody, Delay, LoseAnswer, Refuse
from process_tree import start

from lake.lake import Lake
from lake.lock import exclusive


@pytest.fixture(scope="module")
def work(server, tmp_path_factory):
    """A small run, and the lake that it makes undisturbed, in a bucket."""
    folder = tmp_path_factory.mktemp("work")
    config = fault_lakes.write_config(folder / "run.yaml", folder / "unused", corpus.make(folder / "corpus", 40))
    bucket = new_bucket(server)
    succeed("run", config, "--lake", bucket.uri("lake"))
    return fault_lakes.Work("s3", config, None, bucket.folder / "lake", 0.0)


def is_as_undisturbed(work, bucket):
    assert list(lake_rows.differences(bucket.folder / "lake", work.expected)) == []
    assert list((bucket.folder / "lake" / "_staging").rglob("*.*")) == []


def killed_at(run, log):
    """Kills the process tree as soon as a log has an entry; False when the run ended before."""
    while run.process.poll() is None:
        if any(log.glob("*.json")):
            run.strike("tree")
            run.wait()
            return run.process.returncode != 0
        time.sleep(0.002)
    return False


AT = ["documents", "inputs", "duplicates", "sequences_causal"]
ALL = ["rejects", "measures", "decisions", "signatures", "clean_documents", "tokens", "sequences_chunks"]


@pytest.mark.parametrize("table", ["rejects", "signatures"])
def test_a_run_that_is_killed_goes_on_where_it_was(work, bucket, table):
    resume_after_kills(work, bucket, [table])


@pytest.mark.slow
def test_a_run_that_is_killed_at_every_commit_goes_on_where_it_was(work, bucket):
    resume_after_kills(work, bucket, [*AT, *ALL])


def resume_after_kills(work, bucket, tables):
    lake = bucket.uri("lake")
    killed = 0
    for table in tables:
        run = start(work.config, "--lake", lake)
        killed += killed_at(run, bucket.folder / "lake" / table / "_delta_log")
    assert killed
    assert (bucket.folder / "lake" / "_lock").exists()  # nobody released it
    succeed("run", work.config, "--lake", lake)
    assert not (bucket.folder / "lake" / "_lock").exists()
    is_as_undisturbed(work, bucket)


def test_a_second_run_is_told_who_is_at_work_and_leaves_its_files_alone(work, bucket):
    lake = bucket.uri("lake")
    with exclusive(lake):
        staged = bucket.folder / "lake" / "_staging" / "of-the-first.json"
        staged.parent.mkdir()
        staged.write_text("{}")
        second = tokenlake("run", work.config, "--lake", lake)
        assert second.status == 1
        assert re.search(rf"{lake}: another run is at work there \(process {os.getpid()} on ", second.said)
        assert staged.exists()
        staged.unlink()
    succeed("run", work.config, "--lake", lake)
    is_as_undisturbed(work, bucket)


def test_a_run_that_stood_still_while_another_took_over_changes_nothing(work, bucket):
    """The first is stopped for longer than a lease lasts; the second makes the lake; the first then ends."""
    lake = bucket.uri("lake")
    first = start(work.config, "--lake", lake)
    assert first.watch(lambda event: event["event"] == "stage_started" and event["stage"] == "clean")
    os.killpg(first.process.pid, signal.SIGSTOP)
    held = json.loads((bucket.folder / "lake" / "_lock").read_text())
    (bucket.folder / "lake" / "_lock").write_text(json.dumps({**held, "machine": "another"}))
    started = time.monotonic()
    succeed("run", work.config, "--lake", lake)
    assert time.monotonic() - started > 25  # as long as the lease of another machine lasts
    os.killpg(first.process.pid, signal.SIGCONT)
    status = first.wait()  # it finds nothing left to do, or is stopped before it commits
    assert status == 0 or "another run" in first.error
    is_as_undisturbed(work, bucket)


def some(share, disturbance, seed=1):
    """A rule that disturbs a share of the requests."""
    random, one = Random(seed), threading.Lock()

    def rule(request):
        with one:
            return disturbance if random.random() < share else None

    return rule


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(some(0.1, Refuse(503, "SlowDown")), id="503"),
        pytest.param(some(0.3, Delay(0.2)), id="slow"),
        pytest.param(some(0.04, CutBody(50)), id="cut"),
        pytest.param(some(0.04, LoseAnswer()), id="lost"),
    ],
)
def test_a_run_on_a_store_that_fails_now_and_then_ends_as_if_it_had_not(work, bucket, proxy, rule):
    proxy.rule = rule
    succeed("run", work.config, "--lake", bucket.uri("lake"))
    assert Counter(status for _, status in proxy.seen)[200] > 100
    is_as_undisturbed(work, bucket)


def test_a_run_waits_for_a_store_that_is_away_for_some_seconds(work, bucket, proxy):
    until = []

    def rule(request):
        if "clean_documents/_delta_log" in request.path and not until:
            until.append(time.monotonic() + 8)
        return Refuse(503, "SlowDown") if until and time.monotonic() < until[0] else None

    proxy.rule = rule
    succeed("run", work.config, "--lake", bucket.uri("lake"))
    assert sum(status == 503 for _, status in proxy.seen) > 2
    is_as_undisturbed(work, bucket)


def test_an_interrupted_run_leaves_no_lock_and_goes_on(work, bucket):
    lake = bucket.uri("lake")
    run = start(work.config, "--lake", lake)
    assert run.watch(lambda event: event["event"] == "stage_started" and event["stage"] == "dedup")
    run.process.send_signal(signal.SIGINT)
    assert run.wait() == 130, run.said
    assert run.processes() == []
    assert not (bucket.folder / "lake" / "_lock").exists()
    succeed("run", work.config, "--lake", lake)
    is_as_undisturbed(work, bucket)


def test_files_of_an_ingest_that_was_killed_are_deleted_once_nobody_can_commit_them(work, bucket):
    lake = bucket.uri("lake")
    succeed("run", work.config, "--lake", lake)
    folder = bucket.folder / "lake" / "documents"
    name = "part-ingest-0123456789abcdef-{}.parquet"
    old, new = folder / name.format("0" * 12), folder / name.format("1" * 12)
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 7200,) * 2)
    before = Lake(lake).version("documents")
    succeed("run", work.config, "--lake", lake)
    assert (old.exists(), new.exists()) == (False, True)
    assert Lake(lake).version("documents") == before
