"""The data files of a Delta table: as tasks report those they wrote, and as the table's log lists them."""

import json
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from pipelines.errors import TokenlakeError


class UnreadableTableError(TokenlakeError, RuntimeError):
    """A table uses a Delta feature under which its Parquet files alone do not give its rows."""


class MissingTableError(TokenlakeError, LookupError):
    """A table is not there yet, because the stage that makes it has not run."""


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table. `low` and `high` bound the columns that have statistics; times as `bound` says."""

    path: str  # relative to the table's folder
    size: int  # bytes
    rows: int
    partition: Mapping[str, str] = field(default_factory=dict)
    low: Mapping[str, Any] = field(default_factory=dict)
    high: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)  # of its add-action, when it is written

    def may_hold(self, column: str, values: Collection[str]) -> bool:
        """Whether some row can have one of the values; True where the file has no statistics of the column."""
        low, high = self.low.get(column), self.high.get(column)
        return low is None or high is None or any(low <= value <= high for value in values)

    def may_hold_between(self, column: str, bounds: Any) -> bool:
        """Whether some row can have a value within `bounds`, a scalar of `pyarrow.compute.min_max`."""
        low, high = self.low.get(column), self.high.get(column)
        return low is None or high is None or (low <= bounds["max"].as_py() and bounds["min"].as_py() <= high)

    def holds_only(self, column: str, values: Collection[str]) -> bool:
        """Whether every row has one of the values, as far as statistics say."""
        low = self.low.get(column)
        return low is not None and low == self.high.get(column) and low in values

    def statistics(self) -> str:
        """The value of an add-action's `stats` (delta.io, PROTOCOL.md: JSON)."""
        return json.dumps({"numRecords": self.rows, "minValues": self.low, "maxValues": self.high})

    def to_json(self) -> str:
        """As JSON, to send from a task to the driver."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "DataFile":
        """The reverse of `to_json`."""
        return DataFile(**json.loads(text))


def bound(value: Any) -> Any:
    """A value as a bound in statistics: a time as text with microseconds, which sorts as times do (delta.io,
    PROTOCOL.md, "Per-file Statistics"); any other as it is."""
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


REPORTED = pa.schema([("table", pa.string()), ("file", pa.string())])
"""Schema of the rows in which a task reports the files it wrote: the table's name and `DataFile.to_json`."""


def reported(files: Iterable[tuple[str, DataFile]]) -> pa.RecordBatch:
    """(table, file) pairs as rows of `REPORTED`."""
    pairs = list(files)
    return pa.RecordBatch.from_arrays(
        [pa.array([table for table, _ in pairs], pa.string()), pa.array([f.to_json() for _, f in pairs], pa.string())],
        schema=REPORTED,
    )


def of_table(rows: pa.Table, table: str) -> list[DataFile]:
    """The files of one table among rows of `REPORTED`, in the order of their paths."""
    pairs = zip(rows["table"].to_pylist(), rows["file"].to_pylist(), strict=True)
    return sorted((DataFile.from_json(file) for name, file in pairs if name == table), key=lambda file: file.path)


def active(table: Any) -> list[DataFile]:
    """The data files of an opened `deltalake.DeltaTable`, in the order of their paths.

    Raises:
        UnreadableTableError: rows are hidden by deletion vectors, or columns are mapped to other names.
    """
    features = set(table.protocol().reader_features or ()) & {"deletionVectors", "columnMapping"}
    if (table.metadata().configuration or {}).get("delta.columnMapping.mode", "none") != "none":
        features.add("columnMapping")  # tables of reader version 2 list no features
    if features:
        raise UnreadableTableError(
            f"{table.table_uri}: uses {' and '.join(sorted(features))}, which another program enabled. "
            "Purge them there (REORG TABLE … APPLY (PURGE)) and drop the feature (ALTER TABLE … DROP FEATURE …)"
        )
    found = pa.table(table.get_add_actions()).to_pylist()
    return sorted(map(_from_log, found), key=lambda file: file.path)


def _from_log(row: Mapping[str, Any]) -> DataFile:
    low, high = row.get("min") or {}, row.get("max") or {}
    return DataFile(
        path=unquote(row["path"]),
        size=row["size_bytes"],
        rows=row["num_records"] if row["num_records"] is not None else -1,
        partition={key: value for key, value in (row.get("partition") or {}).items() if value is not None},
        low={key: bound(value) for key, value in low.items() if value is not None},
        high={key: bound(value) for key, value in high.items() if value is not None},
    )


def add_action(file: DataFile) -> Any:
    """The action that adds a file to a table."""
    from deltalake.transaction import AddAction

    return AddAction(
        path=file.path,
        size=file.size,
        partition_values=dict(file.partition),
        modification_time=int(time.time() * 1000),
        data_change=True,
        stats=file.statistics(),
    )
