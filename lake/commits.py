"""Commits of a table's log, and the metadata that tokenlake stores in them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

UPGRADE = "upgrade"
"""The mode of a commit that brings a table to another contract. Its rows stay what they were, so it repeats the
metadata of the commit before it."""

COMPACT = "compact"
"""The mode of a commit that puts the rows of small data files into larger ones, in the same order. It too repeats the
metadata of the commit before it, and Delta's `dataChange` is false in it."""

_OF_NO_STEP = (UPGRADE, COMPACT)


@dataclass(frozen=True)
class CommitMetadata:
    """The metadata that tokenlake stores in a commit's `userMetadata`."""

    run_id: str
    stage: str
    mode: str  # append | change (rows were removed too) | rebuild | upgrade | compact
    config_hash: str
    code_version: str
    inputs: Mapping[str, int]  # table -> version read
    started_at: float  # seconds since the epoch
    rows_in: int = 0
    rows_out: int | None = None  # rows added; None in commits of version 0.1, whose metrics Spark counted
    rows_removed: int = 0  # by a change
    detail: Mapping[str, str] = field(default_factory=dict)

    @property
    def semantics(self) -> tuple[int, ...]:
        """The versions of the step that made the table's rows, oldest first; 0 before versions were recorded."""
        return tuple(int(version) for version in self.detail.get("semantics", "0").split(","))

    def to_json(self) -> str:
        """The value of `userMetadata`."""
        return json.dumps({"tokenlake": asdict(self)}, sort_keys=True)

    @staticmethod
    def from_json(text: str | None) -> "CommitMetadata | None":
        """Reads `userMetadata`; None when another program wrote it. Unknown keys, of later versions, are ignored."""
        try:
            found = json.loads(text or "{}")["tokenlake"]
            return CommitMetadata(**{key: found[key] for key in _KEYS & found.keys()})
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


EXPIRED = "expired"
"""The operation of a commit whose entry in the log is gone."""

_KEEPING = {"OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "CREATE TABLE"}
"""Operations of other programs that leave every row as it is."""

_KEYS = {each.name for each in fields(CommitMetadata)}


@dataclass(frozen=True)
class Commit:
    """One version of a table, as its log describes it."""

    table: str
    version: int
    timestamp: datetime
    operation: str
    metrics: Mapping[str, str]
    metadata: CommitMetadata | None  # None when another program committed

    @property
    def of_step(self) -> CommitMetadata | None:
        """The metadata of a commit that a step made, to add, change or remove rows; None of any other."""
        return None if self.metadata is None or self.metadata.mode in _OF_NO_STEP else self.metadata

    @property
    def replaces_rows(self) -> bool:
        """Whether it may have changed or removed any earlier row."""
        if self.metadata is not None:
            return self.metadata.mode == "rebuild"
        return self.operation not in _KEEPING

    @property
    def keeps_rows(self) -> bool:
        """Whether it left every row as it was, with all columns."""
        return self.metadata.mode == COMPACT if self.metadata is not None else self.operation in _KEEPING

    @property
    def removes_rows(self) -> bool:
        """Whether it removed single rows, and added others."""
        return self.metadata is not None and self.metadata.mode == "change"

    @property
    def rows_out(self) -> int:
        """Rows that this commit added; for a merge, those that it inserted."""
        if self.metadata is not None and self.metadata.rows_out is not None:
            return self.metadata.rows_out
        return int(self.metrics.get("numTargetRowsInserted", self.metrics.get("numOutputRows", 0)))


def parse(table: str, version: int, text: str) -> Commit:
    """The commit in a file of `_delta_log` (delta.io, PROTOCOL.md): one JSON action a line."""
    info: dict[str, Any] = {}
    for line in text.splitlines():
        if line.startswith('{"commitInfo"') or '"commitInfo"' in line[:200]:
            info = json.loads(line).get("commitInfo", {})
            break
    return Commit(
        table=table,
        version=version,
        timestamp=datetime.fromtimestamp(info.get("timestamp", 0) / 1000, UTC),
        operation=info.get("operation", "unknown"),
        metrics=info.get("operationMetrics", {}),
        metadata=CommitMetadata.from_json(info.get("userMetadata")),
    )
