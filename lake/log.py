"""Commits to a table's log: through delta-rs, and written here where it has no function for them.

delta-rs creates a table with rows only under properties that it knows itself, and changes properties in a commit of
their own; between two commits a reader would see rows under the properties of others. It also cannot remove single
data files of a table and add others.

Format: delta.io, PROTOCOL.md, "Actions". A commit is a file that must not exist yet; whoever creates it has committed.
"""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from lake.commits import COMPACT, CommitMetadata
from lake.data_files import DataFile, active, add_action
from pipelines.errors import TokenlakeError
from pipelines.storage.storage import Storage
from pipelines.tables import Table

_PROTOCOL = {"minReaderVersion": 1, "minWriterVersion": 2}  # of a new table

# Unless set otherwise. Keeps every commit's metadata: the ledger and the table `runs` are derived from it.
_KEPT_LOG = {"delta.logRetentionDuration": "interval 3650 days"}

_KNOWN_FEATURES = {"appendOnly", "invariants"}  # of writers, which these commits respect


class UnwritableTableError(TokenlakeError, RuntimeError):
    """A table uses a Delta feature that this program cannot keep right when it changes rows."""


def write(
    storage: Storage,
    table: Table,
    opened: Any | None,
    files: Sequence[DataFile],
    metadata: CommitMetadata,
    mode: str,
    transaction: tuple[str, int],
) -> None:
    """Adds files to a table and sets its properties, in the version after that of an opened `deltalake.DeltaTable`.

    Args:
        storage: of the lake.
        table: its schema and properties replace those of the stored table. Of an append, columns that the stored table
            has besides stay, and columns that it lacks are null in its rows.
        opened: the version before; None for a new table.
        files: to add.
        metadata: of the commit.
        mode: `append`, or `overwrite`, which removes all earlier files.
        transaction: (`appId`, version).

    Raises:
        DeltaError, FileExistsError: the version exists already.
        ValueError: rows of the stored table would get properties that are not theirs.
    """
    same_properties = opened and table.properties.items() <= (opened.metadata().configuration or {}).items()
    grown = grown_table(table, opened) if opened and mode == "append" else None
    if same_properties and not grown:
        _through_delta_rs(opened, table, files, metadata, mode, transaction)
        return
    present = active(opened) if opened else []
    if mode == "append" and files and present and not same_properties:
        raise ValueError(f"{table.name}: the rows to add have other properties than the rows that are there")
    version = opened.version() + 1 if opened else 0
    removed = present if mode == "overwrite" else []
    commit(storage, table.name, version, removed, files, metadata, transaction, description_of(grown or table, opened))


def grown_table(table: Table, opened: Any) -> Table | None:
    """The table with the columns that the stored one has besides; None if that one lacks no column."""
    stored = pa.schema(opened.schema().to_arrow())
    if set(table.schema.names) <= set(stored.names):
        return None
    others = [field for field in stored if field.name not in table.schema.names]
    return replace(table, schema=pa.schema([*table.schema, *others]))


def _through_delta_rs(
    opened: Any,
    table: Table,
    files: Sequence[DataFile],
    metadata: CommitMetadata,
    mode: str,
    transaction: tuple[str, int],
) -> None:
    from deltalake import Schema
    from deltalake.transaction import CommitProperties, Transaction

    opened.create_write_transaction(
        [add_action(file) for file in files],
        mode=mode,
        schema=Schema.from_arrow(table.schema),
        partition_by=list(table.partition_by),
        commit_properties=CommitProperties(
            custom_metadata={"userMetadata": metadata.to_json()},
            app_transactions=[Transaction(*transaction, None)],
            max_commit_retries=0,
        ),
    )


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
    same_rows = metadata.mode == COMPACT
    info: Mapping[str, Any] = {
        "timestamp": now,
        "operation": _operation(metadata, bool(description)),
        "operationParameters": {},
        "engineInfo": "tokenlake",
        "userMetadata": metadata.to_json(),
    }
    actions: list[Mapping[str, Any]] = [
        {"commitInfo": info},
        *description,
        {"txn": {"appId": transaction[0], "version": transaction[1], "lastUpdated": now}},
        *({"remove": _removal(file, now, not same_rows)} for file in removed),
        *({"add": _addition(file, now, not same_rows)} for file in added),
    ]
    text = "".join(json.dumps(action) + "\n" for action in actions)
    storage.create_text(f"{table}/_delta_log/{version:020d}.json", text)


def description_of(table: Table, opened: Any | None) -> list[Mapping[str, Any]]:
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


def _operation(metadata: CommitMetadata, describes: bool) -> str:
    """What other programs call such a commit."""
    if metadata.mode == COMPACT:
        return "OPTIMIZE"
    return "WRITE" if describes else "UPDATE"


def _removal(file: DataFile, now: int, data_change: bool) -> dict[str, Any]:
    return {
        "path": quote(file.path, safe="/="),
        "deletionTimestamp": now,
        "dataChange": data_change,
        "extendedFileMetadata": True,
        "partitionValues": dict(file.partition),
        "size": file.size,
        **({} if data_change else {"stats": file.statistics()}),  # for `lake.compacted_files`
    }


def _addition(file: DataFile, now: int, data_change: bool) -> dict[str, Any]:
    return {
        "path": quote(file.path, safe="/="),
        "partitionValues": dict(file.partition),
        "size": file.size,
        "modificationTime": now,
        "dataChange": data_change,
        "stats": file.statistics(),
        **({"tags": dict(file.tags)} if file.tags else {}),
    }
