"""The log of requests: whole histories of sampled entities, and never a broken request."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from features.catalogue.catalogue import CATALOGUE
from features.consistency.answer import Answer, is_sampled
from features.consistency.request_log import RequestLog, log_files, read_log
from features.freshness import Status
from features.plan import Plan

PLAN = Plan.of(CATALOGUE)
AT = 1_790_000_000_000_000


@dataclass
class Vectors:
    """An answer of the online reader."""

    names: Sequence[str]
    views: Sequence[str]
    columns: Sequence[Sequence[Any]]
    statuses: Sequence[Sequence[int]]
    event_times: Sequence[Sequence[int | None]]


def usage(clients: Sequence[str]) -> Vectors:
    """An answer about the use of these clients."""
    rows = range(len(clients))
    return Vectors(
        ("requests_1h", "last_request"),
        ("client_usage", "client_usage"),
        [list(rows), [datetime(2026, 11, 26, tzinfo=UTC) for _ in rows]],
        [[Status.PRESENT for _ in rows], [Status.PRESENT for _ in rows]],
        [[AT - 1 for _ in rows], [AT - 1 for _ in rows]],
    )


def record(log: RequestLog, *clients: str, at: int = AT) -> int:
    """Logs a request about the use of these clients."""
    return log.record(PLAN, "translation_request", {"client_id": clients}, None, usage(clients), at)


def test_a_line_holds_what_was_asked_and_what_was_served(tmp_path: Path) -> None:
    record(RequestLog(tmp_path, share=1), "acme")
    (file,) = log_files(tmp_path)
    assert json.loads(file.read_text()) == {
        "at": AT,
        "plan": PLAN.fingerprint,
        "service": "translation_request",
        "view": "client_usage",
        "keys": {"client_id": "acme"},
        "request": {},
        "event": AT - 1,
        "values": {"requests_1h": 0, "last_request": 1795651200},
        "statuses": {"requests_1h": 1, "last_request": 1},
    }


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    record(RequestLog(tmp_path, share=1), "acme", "überall")
    assert [answer and answer.keys for answer in read_log(tmp_path)] == [
        {"client_id": "acme"},
        {"client_id": "überall"},
    ]


def test_an_entity_asked_for_twice_in_one_request_is_written_once(tmp_path: Path) -> None:
    assert record(RequestLog(tmp_path, share=1), "acme", "acme") == 1


def test_every_request_for_a_sampled_entity_is_kept_and_none_for_the_others(tmp_path: Path) -> None:
    clients = [f"client-{number}" for number in range(200)]
    for process in range(3):  # each with a log of its own, as after restarts
        log = RequestLog(tmp_path, share=0.2)
        for client in clients:
            record(log, client, at=AT + process)
    times: dict[str, list[int]] = {}
    for answer in read_log(tmp_path):
        assert answer is not None
        times.setdefault(answer.keys["client_id"], []).append(answer.at)
    assert set(times) == {client for client in clients if is_sampled({"client_id": client}, 0.2)}
    assert all(sorted(each) == [AT, AT + 1, AT + 2] for each in times.values())


@given(st.dictionaries(st.text(), st.text() | st.integers(), min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_holds_every_smaller_one(keys: dict[str, Any], one: float, other: float) -> None:
    if is_sampled(keys, min(one, other)):
        assert is_sampled(keys, max(one, other))


def test_a_share_of_keys_is_sampled_whatever_they_look_like() -> None:
    sampled = sum(is_sampled({"doc_id": f"{number:08d}"}, 0.1) for number in range(10_000))
    assert 900 < sampled < 1100


def test_a_share_of_nothing_writes_nothing(tmp_path: Path) -> None:
    assert record(RequestLog(tmp_path / "log", share=0), "acme") == 0
    assert not (tmp_path / "log").exists()


def test_files_are_bounded_and_the_oldest_go_first(tmp_path: Path) -> None:
    log = RequestLog(tmp_path, share=1, file_bytes=1000, folder_bytes=5000)
    for number in range(200):
        record(log, f"client-{number}")
    assert 2 <= len(log_files(tmp_path)) <= 5
    assert sum(file.stat().st_size for file in log_files(tmp_path)) <= 5000 + 300  # a line longer than a file is full
    kept = [answer.keys["client_id"] for answer in read_log(tmp_path) if answer]
    assert kept == [f"client-{number}" for number in range(200 - len(kept), 200)]


def test_a_log_that_cannot_be_written_is_counted_and_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = RequestLog(tmp_path / "file" / "log", share=1)
    assert record(log, "acme") == 0
    assert log.failures == 1


def test_an_answer_without_the_columns_of_its_view_breaks_nothing(tmp_path: Path) -> None:
    log = RequestLog(tmp_path, share=1)
    assert log.record(PLAN, "translation_request", {"client": ["acme"]}, None, usage(["acme"]), AT) == 0
    assert log.failures == 1


def test_a_torn_line_is_told_apart_from_the_others(tmp_path: Path) -> None:
    record(RequestLog(tmp_path, share=1), "acme")
    (file,) = log_files(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:40] + b"\n" + whole)
    damaged, good = read_log(tmp_path)
    assert damaged is None
    assert isinstance(good, Answer)


def test_a_forked_process_writes_a_file_of_its_own(tmp_path: Path) -> None:
    log = RequestLog(tmp_path, share=1)
    record(log, "parent")
    child = os.fork()
    if not child:
        record(log, "child")
        os._exit(0)
    os.waitpid(child, 0)
    record(log, "parent again")
    found = [[answer.keys["client_id"] for answer in _answers(file)] for file in log_files(tmp_path)]
    assert sorted(found) == [["child"], ["parent", "parent again"]]


def _answers(file: Path) -> list[Answer]:
    return [Answer.from_json(line) for line in file.read_bytes().splitlines()]


def test_requests_before_a_time_are_left_out(tmp_path: Path) -> None:
    log = RequestLog(tmp_path, share=1)
    record(log, "before", at=AT - 1)
    record(log, "after", at=AT)
    assert [answer and answer.keys["client_id"] for answer in read_log(tmp_path, since_us=AT)] == ["after"]
