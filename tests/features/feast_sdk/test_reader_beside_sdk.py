"""Our reader finds what Feast's SDK has written, and what it has overwritten, on Valkey and on SQLite."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from all_types import ALL_TYPES, EVERY_TYPE, Store

from features.freshness import Status
from features.materialization.writer import writer_of
from features.online.reader import OnlineReader
from features.plan import Plan
from features.tables import table_of

pytestmark = pytest.mark.filterwarnings("ignore:The spark data source API:RuntimeWarning")
PLAN = Plan.of(ALL_TYPES)
START = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
things = count()

ROW: dict[str, Any] = {
    "bytes": b"\x00\xff", "string": "größer 語", "int32": -5, "int64": 1 << 60, "double": 0.1, "float": 0.5,
    "bool": False, "unix_timestamp": START, "bytes_list": [b"x"], "string_list": ["a", ""], "int32_list": [1, -1],
    "int64_list": [1 << 60], "double_list": [0.1], "float_list": [0.5, -1.0], "bool_list": [True, False],
    "unix_timestamp_list": [START],
}  # fmt: skip


def by_sdk(online: Store, key: str, row: dict[str, Any], event: datetime) -> None:
    frame = pd.DataFrame([{"thing_id": key, **row, "event_timestamp": event, "created": event}])
    online.sdk.write_to_online_store(EVERY_TYPE.name, frame)


def by_us(online: Store, key: str, row: dict[str, Any], event: datetime) -> None:
    whole = {"thing_id": key, **row, "event_timestamp": event, "created": event, "run_id": "r"}
    writer = writer_of(online.address, PLAN)
    writer.write(EVERY_TYPE.name, pa.Table.from_pylist([whole], schema=table_of(EVERY_TYPE).schema))
    writer.close()


def found(online: Store, *keys: str) -> list[dict[str, Any]]:
    with OnlineReader(online.address, plan=PLAN) as reader:
        return reader.get("everything", {"thing_id": list(keys)}, timeout=10).rows()


def test_a_store_that_only_the_sdk_has_filled(online: Store):
    key = f"thing {next(things)}"
    by_sdk(online, key, ROW, START)

    with OnlineReader(online.address, plan=PLAN) as reader:
        vectors = reader.get("everything", {"thing_id": [key, "none"]}, timeout=10)

    assert vectors.rows() == [ROW, dict.fromkeys(ROW)]
    assert [status[0] for status in vectors.statuses] == [Status.PRESENT] * len(ROW)
    assert [status[1] for status in vectors.statuses] == [Status.NOT_FOUND] * len(ROW)


def test_a_row_of_ours_that_the_sdk_overwrites_with_a_later_one(online: Store):
    ours, theirs = f"thing {next(things)}", f"thing {next(things)}"
    by_us(online, ours, ROW, START)
    by_us(online, theirs, ROW, START)
    by_sdk(online, theirs, {**ROW, "int64": 7}, START + timedelta(seconds=1))

    assert found(online, ours, theirs) == [ROW, {**ROW, "int64": 7}]


def test_a_row_of_the_sdk_that_we_overwrite_with_a_later_one(online: Store):
    key = f"thing {next(things)}"
    by_sdk(online, key, ROW, START)
    by_us(online, key, {**ROW, "int64": 7}, START + timedelta(seconds=1))

    assert found(online, key) == [{**ROW, "int64": 7}]
