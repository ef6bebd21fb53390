"""One commit to a table: through delta-rs, or as text where delta-rs cannot make it.

delta-rs creates a table with files only under properties that it knows itself, and changes properties in a commit of
their own. Between two commits a reader would see rows under the properties of others, so a commit that sets properties
together with rows is written here. Source: delta.io, PROTOCOL.md (actions; paths are percent-encoded).
"""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lake.data_files import DataFile, add_action, statistics
from pipelines.tables import Table

_PROTOCOL = {"minReaderVersion": 1, "minWriterVersion": 2}

# Of a new table. Keeps every commit's metadata: the ledger and the table `runs` are derived from it.
_KEPT_LOG = {"delta.logRetentionDuration": "interval 3650 days"}


@dataclass(frozen=True)
class Transaction:
    """What one commit changes.

    `mode` is `append`, or `overwrite`, which removes all earlier files. `application` and `number` are the `appId` and
    version of Delta's transaction identifiers.
    """

    table: Table
    files: Sequence[DataFile]
    mode: str
    user_metadata: str
    application: str
    number: int

    def commit(self, opened: Any) -> None:
        """Commits the version after that of an opened `deltalake.DeltaTable`, which keeps its properties.

        Raises:
            DeltaError: that version exists, or the library cannot commit.
        """
        from deltalake import Schema, transaction

        opened.create_write_transaction(
            [add_action(file) for file in self.files],
            mode=self.mode,
            schema=Schema.from_arrow(self.table.schema),
            partition_by=list(self.table.partition_by),
            commit_properties=transaction.CommitProperties(
                custom_metadata={"userMetadata": self.user_metadata},
                app_transactions=[transaction.Transaction(self.application, self.number, None)],
                max_commit_retries=0,
            ),
        )

    def text(self, opened: Any | None, present: Sequence[DataFile]) -> str:
        """The log file of a commit that creates the table, or changes its properties: one JSON action a line.

        Args:
            opened: the `deltalake.DeltaTable` of the version before; None when there is none.
            present: its data files.

        Raises:
            ValueError: rows of the version before would get properties that are not theirs.
        """
        if self.mode == "append" and self.files and present:
            raise ValueError(f"{self.table.name}: the rows to add have other properties than the rows that are there")
        now = int(time.time() * 1000)
        removed = present if self.mode == "overwrite" else ()
        actions = [
            {"commitInfo": self._information(now)},
            *([] if opened else [{"protocol": _PROTOCOL}]),
            {"metaData": self._metadata(opened, now)},
            {"txn": {"appId": self.application, "version": self.number, "lastUpdated": now}},
            *(
                {"remove": {**_named(file), "deletionTimestamp": now, "extendedFileMetadata": True}}
                for file in removed
            ),
            *({"add": {**_named(file), "modificationTime": now, "stats": statistics(file)}} for file in self.files),
        ]
        return "".join(json.dumps(action, ensure_ascii=False) + "\n" for action in actions)

    def _information(self, now: int) -> Mapping[str, Any]:
        partitions = json.dumps(list(self.table.partition_by))
        return {
            "timestamp": now,
            "operation": "WRITE",
            "operationParameters": {"mode": self.mode.capitalize(), "partitionBy": partitions},
            "userMetadata": self.user_metadata,
            "engineInfo": "tokenlake",
        }

    def _metadata(self, opened: Any | None, now: int) -> Mapping[str, Any]:
        """A table keeps its id, and the properties that other programs have set."""
        from deltalake import Schema

        stored = opened.metadata() if opened else None
        properties = _KEPT_LOG if stored is None else stored.configuration or {}
        return {
            "id": str(stored.id if stored else uuid.uuid4()),
            "format": {"provider": "parquet", "options": {}},
            "schemaString": Schema.from_arrow(self.table.schema).to_json(),
            "partitionColumns": list(self.table.partition_by),
            "configuration": {**properties, **self.table.properties},
            "createdTime": stored.created_time if stored else now,
        }


def _named(file: DataFile) -> dict[str, Any]:
    return {
        "path": quote(file.path, safe="/="),
        "partitionValues": dict(file.partition),
        "size": file.size,
        "dataChange": True,
    }
