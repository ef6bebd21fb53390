"""The embedded store is written and read by processes of different local times: an event time is the same to all."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from features.catalogue.catalogue import CATALOGUE
from features.freshness import Status
from features.materialization.writer import writer_of
from features.online.reader import OnlineReader
from features.plan import Plan
from features.store.address import SqliteAddress
from features.tables import table_of

PLAN = Plan.of(CATALOGUE)
SCHEMA = table_of(CATALOGUE.view("client_usage")).schema
NOW = datetime.now(UTC)


@pytest.fixture
def local_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone of this process."""

    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def write(address: SqliteAddress, requests: int, age: timedelta) -> int:
    """Writes a row of this age; returns how many were not older than what was there."""
    row = {"client_id": "a", "requests_1h": requests, "event_timestamp": NOW - age, "created": NOW}
    with closing(writer_of(address, PLAN)) as writer:
        return writer.write("client_usage", pa.Table.from_pylist([row], schema=SCHEMA)).newer


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
@pytest.mark.parametrize("wanted", ["translation_request", ["client_usage:requests_1h"]])
def test_local_time_changes_no_event_time(
    tmp_path: Path, local_time: Callable[[str], None], zone: str, wanted: str | list[str]
) -> None:
    address = SqliteAddress(str(tmp_path / "online.db"))
    local_time("Europe/Berlin")
    assert write(address, 1, timedelta(hours=1)) == 1

    local_time(zone)
    keys = {
        "client_id": ["a"],
        **({} if isinstance(wanted, list) else {"source_language": ["de"], "target_language": ["en"]}),
    }
    request = None if isinstance(wanted, list) else {"source_characters": [1]}
    with OnlineReader(address, plan=PLAN) as reader:
        found = reader.get(wanted, keys, request=request, timeout=5)
    at = found.names.index("requests_1h")
    assert (found.columns[at], found.statuses[at]) == ([1], [Status.PRESENT])
    assert found.event_times[at] == [int((NOW - timedelta(hours=1)).timestamp() * 1e6 + 0.5)]

    assert write(address, 2, timedelta(hours=2)) == 0
    assert write(address, 3, timedelta(minutes=59)) == 1
