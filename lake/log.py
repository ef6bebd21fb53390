"""Commits that remove single data files of a table and add others, which delta-rs offers no function for.

Format: delta.io, PROTOCOL.md, "Actions". A commit is a file that must not exist yet; whoever creates it has committed.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from lake.commits import CommitMetadata
from lake.data_files import DataFile
from lake.storage import Storage

_KNOWN_FEATURES = {"appendOnly", "invariants"}  # of writers, which these commits respect


class UnwritableTableError(RuntimeError):
    """A table uses a Delta feature that this program cannot keep right when it changes rows."""


def commit(
    storage: Storage,
    table: str,
    version: int,
    removed: Sequence[DataFile],
    added: Sequence[DataFile],
    metadata: CommitMetadata,
    transaction: tuple[str, int],
) -> None:
    """Creates the file of a version: `removed` leave the table, `added` join it.

    Raises:
        FileExistsError: the version exists already.
    """
    now = int(time.time() * 1000)
    info = {
        "timestamp": now,
        "operation": "UPDATE",
        "operationParameters": {},
        "engineInfo": "tokenlake",
        "userMetadata": metadata.to_json(),
    }
    actions: list[Mapping[str, Any]] = [
        {"commitInfo": info},
        {"txn": {"appId": transaction[0], "version": transaction[1], "lastUpdated": now}},
        *({"remove": _removal(file, now)} for file in removed),
        *({"add": _addition(file, now)} for file in added),
    ]
    text = "".join(json.dumps(action) + "\n" for action in actions)
    storage.create_text(f"{table}/_delta_log/{version:020d}.json", text)


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
        "path": quote(file.path),
        "deletionTimestamp": now,
        "dataChange": True,
        "extendedFileMetadata": True,
        "partitionValues": dict(file.partition),
        "size": file.size,
    }


def _addition(file: DataFile, now: int) -> dict[str, Any]:
    return {
        "path": quote(file.path),
        "partitionValues": dict(file.partition),
        "size": file.size,
        "modificationTime": now,
        "dataChange": True,
        "stats": file.statistics(),
    }
