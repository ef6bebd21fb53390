"""The lease of a lake in a bucket: one holder, taken over when nobody renews it, and required before each commit."""

import json
import os
import subprocess
import time

import pytest
from faulty_proxy import LoseAnswer
from test_commits_on_s3 import commits_of, note, rows

from lake import lease as leases
from lake import lock
from lake.lake import Lake
from lake.lease import Lease
from lake.lock import LakeBusyError, exclusive
from pipelines.storage.object_files import ObjectFiles
from pipelines.tables import TOKENS


def lease(bucket, pid=None, expired=1.0):
    who = json.dumps({"pid": pid or os.getpid(), "host": "here", "since": "now"}).encode()
    return Lease(ObjectFiles(), bucket.uri("lake/_lock"), who, expired)


def test_a_second_holder_is_told_of_the_first_while_that_one_renews(bucket, monkeypatch):
    monkeypatch.setattr(leases, "RENEWED", 0.1)
    first, second = lease(bucket), lease(bucket, expired=3.0)
    assert first.take() is None
    assert json.loads(second.take())["pid"] == os.getpid()
    first.release()
    assert second.take() is None
    second.release()
    assert not (bucket.folder / "lake" / "_lock").exists()


def test_a_lease_of_a_process_of_this_machine_that_has_ended_is_taken_over_at_once(bucket):
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = lease(bucket, pid=ended.pid)
    ObjectFiles().create(bucket.uri("lake/_lock"), left._bytes())
    started = time.monotonic()
    taken = lease(bucket, expired=60.0)
    assert taken.take() is None
    assert time.monotonic() - started < 10
    taken.release()


def test_a_lease_of_another_machine_is_taken_over_once_nobody_has_renewed_it(bucket):
    content = {"pid": 1, "host": "there", "machine": "there", "id": "x"}
    ObjectFiles().create(bucket.uri("lake/_lock"), json.dumps(content).encode())
    started = time.monotonic()
    taken = lease(bucket, expired=2.0)
    assert taken.take() is None
    assert time.monotonic() - started >= 2.0
    taken.release()


def test_a_holder_that_was_taken_over_cannot_commit(bucket, monkeypatch):
    monkeypatch.setattr(leases, "RENEWED", 1000.0)  # it stands still
    lake = Lake(bucket.uri("lake"))
    with exclusive(lake.root):
        lake.append(rows("tokenize-a", "a"), TOKENS, note("tokenize-a"), -1)
        held = lock._leases[lake.root]
        other = lease(bucket)
        _, version = ObjectFiles().read_version(bucket.uri("lake/_lock"))
        ObjectFiles().replace(bucket.uri("lake/_lock"), other._bytes(), version)
        held._renewed -= 60
        with pytest.raises(LakeBusyError, match="stood still for more than 30 seconds"):
            lake.append(rows("tokenize-b", "b"), TOKENS, note("tokenize-b"), 0)
    assert commits_of(lake.root) == ([(0, "tokenize-a")], ["a"])
    assert (bucket.folder / "lake" / "_lock").exists()  # of the other


def test_a_renewal_whose_answer_is_lost_is_no_lost_lease(bucket, proxy, monkeypatch):
    monkeypatch.setattr(leases, "RENEWED", 1000.0)
    held = lease(bucket)
    assert held.take() is None
    for _ in range(3):
        losses = iter([LoseAnswer()])
        proxy.rule = lambda request, losses=losses: next(losses, None) if request.method == "PUT" else None
        held._renewed -= 60
        held.require()
    held.release()
    assert not (bucket.folder / "lake" / "_lock").exists()


def test_a_lease_is_renewed_again_and_again(bucket, monkeypatch):
    monkeypatch.setattr(leases, "RENEWED", 0.05)
    held = lease(bucket)
    assert held.take() is None
    seen = set()
    until = time.monotonic() + 20
    while len(seen) < 5 and time.monotonic() < until:
        seen.add((bucket.folder / "lake" / "_lock").read_bytes())
        time.sleep(0.02)
    held.release()
    assert len(seen) >= 5
