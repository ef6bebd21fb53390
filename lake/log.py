"""Commits that delta-rs offers no function for: those that remove single data files of a table and add others, and
those that set a table's properties together with its rows.

delta-rs creates a table with rows only under properties that it knows itself, and changes properties in a commit of
their own. Between two commits a reader would see rows under the properties of others.

Format: delta.io, PROTOCOL.md, "Actions". A commit is a file that must not exist yet; whoever creates it has committed.
"""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from lake.commits import CommitMetadata
from lake.data_files import DataFile
from lake.storage import Storage
from pipelines.errors import TokenlakeError
from pipelines.tables import Table

_PROTOCOL = {"minReaderVersion": 1, "minWriterVersion": 2}  # of a new table

# Unless set otherwise. Keeps every commit's metadata: the ledger and the table `runs` are derived from it.
_KEPT_LOG = {"delta.logRetentionDuration": "interval 3650 days"}

_KNOWN_FEATURES = {"appendOnly", "invariants"}  # of writers, which these commits respect


class UnwritableTableError(TokenlakeError, RuntimeError):
    """A table uses a Delta feature that this program cannot keep right when it changes rows."""


def commit(
    storage: Storage,
    table: str,
    version: int,
    removed: Sequence[DataFile],
    added: Sequence[DataFile],
    metadata: CommitMetadata,
    transaction: tuple[str, int],
    description: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Creates the file of a version: `removed` leave the table, `added` join it, `description` applies from here on.

    Raises:
        FileExistsError: the version exists already.
    """
    now = int(time.time() * 1000)
    info: Mapping[str, Any] = {
        "timestamp": now,
        "operation": "WRITE" if description else "UPDATE",
        "operationParameters": {},
        "engineInfo": "tokenlake",
        "userMetadata": metadata.to_json(),
    }
    actions: list[Mapping[str, Any]] = [
        {"commitInfo": info},
        *description,
        {"txn": {"appId": transaction[0], "version": transaction[1], "lastUpdated": now}},
        *({"remove": _removal(file, now)} for file in removed),
        *({"add": _addition(file, now)} for file in added),
    ]
    text = "".join(json.dumps(action) + "\n" for action in actions)
    storage.create_text(f"{table}/_delta_log/{version:020d}.json", text)


def describe(table: Table, opened: Any | None) -> list[Mapping[str, Any]]:
    """The actions that set schema, partitioning and properties of a table.

    Args:
        table: what it is to be.
        opened: the stored `deltalake.DeltaTable`, which keeps its id and what other programs have set; None if new.
    """
    from deltalake import Schema

    stored = opened.metadata() if opened else None
    properties = stored.configuration if stored else None
    described = {
        "id": str(stored.id if stored else uuid.uuid4()),
        "format": {"provider": "parquet", "options": {}},
        "schemaString": Schema.from_arrow(table.schema).to_json(),
        "partitionColumns": list(table.partition_by),
        "configuration": {**_KEPT_LOG, **(properties or {}), **table.properties},
        "createdTime": stored.created_time if stored else int(time.time() * 1000),
    }
    return [*([] if opened else [{"protocol": _PROTOCOL}]), {"metaData": described}]


def require_writable(opened: Any) -> None:
    """Requires that an opened `deltalake.DeltaTable` uses only features that these commits respect.

    Raises:
        UnwritableTableError: it uses others; the message names them.
    """
    protocol, properties = opened.protocol(), opened.metadata().configuration or {}
    features = set(protocol.writer_features or ()) - _KNOWN_FEATURES
    if protocol.min_writer_version in range(3, 7):
        features.add(f"writer version {protocol.min_writer_version}")
    if properties.get("delta.appendOnly", "").lower() == "true":
        features.add("delta.appendOnly")
    if features:
        raise UnwritableTableError(
            f"{opened.table_uri}: rows must be changed, but another program enabled {', '.join(sorted(features))}. "
            "Drop the feature there (ALTER TABLE … DROP FEATURE …, or UNSET TBLPROPERTIES), then run again"
        )


def _removal(file: DataFile, now: int) -> dict[str, Any]:
    return {
        "path": quote(file.path, safe="/="),
        "deletionTimestamp": now,
        "dataChange": True,
        "extendedFileMetadata": True,
        "partitionValues": dict(file.partition),
        "size": file.size,
    }


def _addition(file: DataFile, now: int) -> dict[str, Any]:
    return {
        "path": quote(file.path, safe="/="),
        "partitionValues": dict(file.partition),
        "size": file.size,
        "modificationTime": now,
        "dataChange": True,
        "stats": file.statistics(),
    }
