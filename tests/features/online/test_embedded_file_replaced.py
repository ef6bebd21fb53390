"""The file of an embedded store is removed and made anew, under readers and writers that go on."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from features.catalogue.catalogue import CATALOGUE
from features.materialization.writer import OnlineWriter, writer_of
from features.online.reader import OnlineReader
from features.plan import Plan
from features.store.address import SqliteAddress
from features.store.errors import StoreUnavailableError
from features.tables import table_of

PLAN = Plan.of(CATALOGUE)
SCHEMA = table_of(CATALOGUE.view("client_usage")).schema


def write(writer: OnlineWriter, client: str, requests: int) -> None:
    now = datetime.now(UTC)
    row = {"client_id": client, "requests_1h": requests, "event_timestamp": now, "created": now}
    writer.write("client_usage", pa.Table.from_pylist([row], schema=SCHEMA))


def requests(reader: OnlineReader, client: str) -> int | None:
    return reader.get(["client_usage:requests_1h"], {"client_id": [client]}, timeout=5).columns[0][0]


def test_readers_and_writers_go_on_in_the_new_file(tmp_path: Path) -> None:
    address = SqliteAddress(str(tmp_path / "online.db"))
    with closing(writer_of(address, PLAN)) as writer, OnlineReader(address, plan=PLAN) as reader:
        write(writer, "a", 1)
        assert requests(reader, "a") == 1
        for file in tmp_path.glob("online.db*"):
            file.unlink()
        with pytest.raises(StoreUnavailableError, match="there is no online store"):
            requests(reader, "a")

        write(writer, "b", 2)
        assert (requests(reader, "a"), requests(reader, "b")) == (None, 2)
