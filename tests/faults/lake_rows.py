"""The rows of a lake, read without Spark from Delta's log: a second opinion, without a JVM (delta.io, PROTOCOL.md)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

# All columns are compared but times, and what is counted from them.
TIMES = {"ingested_at", "recorded_at", "started_at", "finished_at", "created", "seconds", "code_version"}


def tables(lake: Path) -> list[str]:
    """Names of the tables of a lake."""
    return sorted(log.parent.name for log in lake.glob("*/_delta_log") if any(log.glob("*.json")))


def read(lake: Path, table: str) -> pa.Table:
    """A table's newest version. Its log must be whole from version 0 on, its rows not hidden by vectors."""
    active: dict[str, dict[str, Any]] = {}
    for version, path in enumerate(sorted((lake / table / "_delta_log").glob("*.json"))):
        assert int(path.stem) == version, f"{path}: version {version} is absent"
        for action in map(json.loads, path.read_text().splitlines()):
            if "remove" in action:
                active.pop(action["remove"]["path"], None)
            if "add" in action:
                assert not action["add"].get("deletionVector"), f"{path}: a deletion vector"
                active[action["add"]["path"]] = action["add"]
    files = [_file(lake / table, add) for add in active.values()]
    return pa.concat_tables(files, promote_options="permissive") if files else pa.table({})


def _file(folder: Path, add: dict[str, Any]) -> pa.Table:
    """One data file, with the partition columns that only the log holds."""
    rows = pq.ParquetFile(folder / unquote(add["path"])).read()
    for name, value in (add["partitionValues"] or {}).items():
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
    return rows


def rows(lake: Path, table: str) -> list[str]:
    """Every row as text, in order, less its times."""
    found = read(lake, table)
    names = sorted(set(found.column_names) - TIMES)
    return sorted(map(repr, found.select(names).to_pylist()))


def differences(lake: Path, expected: Path) -> Iterator[str]:
    """Each table that is not row for row what it should be; nothing when all are."""
    if tables(lake) != tables(expected):
        yield f"tables {tables(lake)}, not {tables(expected)}"
        return
    for table in tables(expected):
        found, wanted = rows(lake, table), rows(expected, table)
        if table == "runs":  # attempts that failed and could say so are extra rows
            found = [row for row in found if "'status': 'failed'" not in row]
        if found != wanted:
            one = next(((a, b) for a, b in zip([*found, ""], [*wanted, ""], strict=False) if a != b), "")
            yield f"{table}: {len(found)} rows for {len(wanted)}; the first other one: {str(one)[:2000]}"


def count(lake: Path) -> int:
    """Rows of all tables."""
    return sum(read(lake, table).num_rows for table in tables(lake))
