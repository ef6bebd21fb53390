"""Logs of requests: what is read, what is left out, and what clients used by hand."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from features.catalogue.client import CLIENT_USAGE
from features.computation.clients import client_usage
from features.computation.history import changes
from features.computation.input_file import InputFileError, found
from features.computation.reading import Reading
from features.computation.request_log import read_requests
from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.tables import columns_of, table_of

HEAD = "client_id,time,characters,latency_ms\n"


@pytest.fixture
def read(tmp_path):
    def requests(text):
        (tmp_path / "r.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        reading = Reading("requests")
        return pa.Table.from_batches(read_requests(found(str(tmp_path / "r.csv")), reading)), reading

    return requests


def at(hour, minute=0, day=2):
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC)


def test_usage_is_as_of_the_last_request_of_each_client(engine, read):
    log = [
        "acme,2026-05-01T11:59:00Z,1000,1", "acme,2026-05-01T12:00:01Z,100,1", "acme,2026-05-02T11:00:00Z,10,1",
        "acme,2026-05-02T11:00:01Z,4,30.5", "acme,2026-05-02T12:00:00Z,6,10.5", "other,2026-05-01T00:00:00Z,7,3",
    ]  # fmt: skip
    requests, _ = read(HEAD + "\n".join(log))
    usage = client_usage(engine.frame(requests)).toArrow().sort_by("client_id")
    assert usage.schema.names == [*columns_of(CLIENT_USAGE).names, EVENT_TIMESTAMP]
    acme, other = usage.to_pylist()
    assert acme == {
        "client_id": "acme", "requests_1h": 2, "characters_24h": 120, "mean_latency_ms": 20.5,
        "last_request": at(12), EVENT_TIMESTAMP: at(12),
    }  # fmt: skip
    assert (other["requests_1h"], other["characters_24h"], other[EVENT_TIMESTAMP]) == (1, 7, at(0, day=1))


def test_what_is_no_request_is_counted_by_reason(read):
    bad = [
        b"acme,2026-05-01,1\n", b",2026-05-01,1,2\n", b"acme,today,1,2\n", b"acme,2026-05-01,-1,2\n",
        b"acme,2026-05-01,1,nan\n", b"\xff,2026-05-01,1,2\n",
    ]  # fmt: skip
    requests, reading = read(HEAD.encode() + b"acme,2026-05-01,1,2\n" + b"".join(bad))
    assert requests.num_rows == 1
    assert reading.described() == (
        "1 requests; 6 lines left out (1 not CSV in UTF-8, 2 with a number out of range, "
        "1 with an unreadable number or time, 1 with another number of columns, 1 without a client; "
        "the first: line 3, with another number of columns)"
    )


def test_a_log_without_a_column_is_refused(read):
    with pytest.raises(InputFileError, match=r"r\.csv:1: there is no column latency_ms; a log needs client_id, time"):
        read("client_id,time,characters\n")


def test_a_log_neither_replaces_what_was_pushed_since_nor_retracts_other_clients(engine, read):
    def stored(client, time, count):
        none = dict.fromkeys(table_of(CLIENT_USAGE).schema.names)
        return {**none, "client_id": client, "requests_1h": count, EVENT_TIMESTAMP: time, CREATED: time}

    pushed = [stored("acme", at(13), 9), stored("elsewhere", at(13), 8), stored("new", at(11), 7)]
    history = pa.Table.from_pylist(pushed, table_of(CLIENT_USAGE).schema)
    requests, _ = read(f"{HEAD}acme,2026-05-02T12:00:00Z,5,1\nnew,2026-05-02T12:00:00Z,5,1\n")
    usage = client_usage(engine.frame(requests))
    added = changes(usage, engine.frame(history), CLIENT_USAGE, at(20), at(21)).toArrow().to_pylist()
    assert [(row["client_id"], row["requests_1h"], row[EVENT_TIMESTAMP]) for row in added] == [("new", 1, at(12))]
