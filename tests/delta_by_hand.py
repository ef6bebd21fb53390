"""Delta tables as other programs write them: renamed columns and deletion vectors, which delta-rs only reads.

Source: delta.io, PROTOCOL.md (column mapping, deletion vector format).
"""

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_MAGIC = 1681511377
_ARRAYS_ONLY = 12346  # cookie of a 32-bit Roaring bitmap without runs
_TYPES = {pa.int64(): "long", pa.string(): "string"}


def create(table: Path, partitions: Mapping[str, pa.Table], partition_by: str) -> None:
    """A table whose files call each column `col-<name>`, with one file for each partition, `<value>.parquet`."""
    columns = [*next(iter(partitions.values())).schema, pa.field(partition_by, pa.string())]
    features = ["columnMapping", "deletionVectors"]
    settings = {
        "delta.columnMapping.mode": "name",
        "delta.columnMapping.maxColumnId": str(len(columns)),
        "delta.enableDeletionVectors": "true",
    }
    schema = {"type": "struct", "fields": [_field(number, field) for number, field in enumerate(columns, 1)]}
    metadata = {
        "id": "00000000-0000-0000-0000-000000000000",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps(schema),
        "partitionColumns": [partition_by],
        "configuration": settings,
        "createdTime": 0,
    }
    versions = {"minReaderVersion": 3, "minWriterVersion": 7}
    actions: list[dict[str, object]] = [
        {"protocol": {**versions, "readerFeatures": features, "writerFeatures": features}},
        {"metaData": metadata},
    ]
    table.mkdir(parents=True)
    for value, rows in partitions.items():
        file = table / f"{value}.parquet"
        pq.write_table(rows.rename_columns([f"col-{name}" for name in rows.column_names]), file)
        add = {"path": file.name, "partitionValues": {f"col-{partition_by}": value}, "size": file.stat().st_size}
        statistics = json.dumps({"numRecords": rows.num_rows})
        actions.append({"add": {**add, "modificationTime": 0, "dataChange": True, "stats": statistics}})
    _commit(table, actions)


def hide(table: Path, file: str, row: int) -> None:
    """Commits that one row of a data file is deleted. `file` is named as in the log."""
    logs = sorted((table / "_delta_log").glob("*.json"))
    actions = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    add = next(action["add"] for action in actions if action.get("add", {}).get("path") == file)
    removed = {"path": file, "deletionTimestamp": 0, "dataChange": True}
    _commit(table, [{"remove": removed}, {"add": {**add, "deletionVector": _inline(row)}}])


def remove(table: Path, file: str) -> None:
    """Commits that a data file is no longer part of the table."""
    _commit(table, [{"remove": {"path": file, "deletionTimestamp": 0, "dataChange": True}}])


def _commit(table: Path, actions: list[dict[str, object]]) -> None:
    log = table / "_delta_log"
    log.mkdir(exist_ok=True)
    lines = [{"commitInfo": {"operation": "by hand", "timestamp": 0}}, *actions]
    (log / f"{len(list(log.iterdir())):020d}.json").write_text("\n".join(map(json.dumps, lines)) + "\n")


def _field(number: int, field: pa.Field) -> dict[str, object]:
    names = {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": f"col-{field.name}"}
    return {"name": field.name, "type": _TYPES[field.type], "nullable": True, "metadata": names}


def _inline(row: int) -> dict[str, object]:
    """The descriptor of a vector that hides one row below 65,536, and holds it itself."""
    bitmap = struct.pack("<IIHHIH", _ARRAYS_ONLY, 1, 0, 0, 16, row)
    vector = struct.pack("<IQI", _MAGIC, 1, 0) + bitmap
    return {
        "storageType": "i",
        "pathOrInlineDv": _encoded(vector + bytes(-len(vector) % 4)),
        "sizeInBytes": len(vector),
        "cardinality": 1,
    }


def _encoded(data: bytes) -> str:
    """Z85 of a multiple of four bytes (rfc.zeromq.org/spec/32)."""
    words = (int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4))
    return "".join(_Z85[word // 85**power % 85] for word in words for power in (4, 3, 2, 1, 0))
