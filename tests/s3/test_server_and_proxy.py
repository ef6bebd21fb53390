"""The server keeps to conditional puts, and the proxy disturbs what it is told to disturb, and nothing else."""

import os
import time

import pytest
from faulty_proxy import CutBody, LoseAnswer, Refuse

from pipelines.storage.storage import Storage


def statuses(proxy, count):
    """Of the answers: the proxy notes the last one when the client may have gone on already."""
    waited_until = time.monotonic() + 5
    while len(proxy.seen) < count and time.monotonic() < waited_until:
        time.sleep(0.01)
    return [status for _, status in proxy.seen]


def test_of_two_creations_of_an_object_the_second_fails(bucket):
    storage = Storage(bucket.uri("folder"))
    storage.create_text("a", "first")
    with pytest.raises(FileExistsError):
        storage.create_text("a", "second")
    assert storage.read_text("a") == "first"
    assert (bucket.folder / "folder" / "a").read_text() == "first"


def test_the_proxy_passes_large_objects_on_as_they_are(proxy, bucket):
    data = os.urandom(20_000_000)
    storage = Storage(bucket.uri("large"))
    storage.write_bytes("data", data)
    assert (bucket.folder / "large" / "data").read_bytes() == data
    with storage.open("data") as stream:
        assert stream.read() == data
    assert {status // 100 for _, status in proxy.seen} == {2}


def test_a_refused_request_is_made_again(proxy, bucket):
    refusals = iter([Refuse(503, "SlowDown")] * 3)
    proxy.rule = lambda request: next(refusals, None)
    Storage(bucket.uri("x")).write_text("a", "text")
    assert statuses(proxy, 4) == [503, 503, 503, 200]
    assert (bucket.folder / "x" / "a").read_text() == "text"


def test_a_body_that_is_cut_is_read_again(proxy, bucket):
    data = os.urandom(3_000_000)
    storage = Storage(bucket.uri("x"))
    storage.write_bytes("a", data)
    cuts = iter([CutBody(100_000), CutBody(0)])
    proxy.rule = lambda request: next(cuts, None) if request.method == "GET" else None
    assert storage.files.read(storage.path("a")) == data
    assert [status for request, status in proxy.seen if request.method == "GET"].count(0) >= 1


def test_an_answer_that_is_lost_leaves_what_was_done(proxy, bucket):
    losses = iter([LoseAnswer()])
    proxy.rule = lambda request: next(losses, None) if request.method == "PUT" else None
    Storage(bucket.uri("x")).write_text("a", "text")
    assert statuses(proxy, 2) == [0, 200]
    assert (bucket.folder / "x" / "a").read_text() == "text"
