"""The table `runs`: the metadata of all commits as rows."""

import time
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from jobs.failures import explain_failure
from lake.commits import Commit, CommitMetadata
from lake.history import UNRECORDED
from lake.lake import Lake
from lake.ledger import code_version, run_id
from pipelines.tables import RUNS


def record_runs(lake: Lake) -> int:
    """Adds a row for each commit that has none yet, also for commits of an earlier run that was killed.

    Returns the number of rows added; nothing is committed when there are none.
    """
    known = _recorded(lake)
    tables = [name for name in lake.tables() if name not in UNRECORDED]
    versions = {name: lake.version(name) for name in tables}
    rows: list[dict[str, Any]] = []
    for name in tables:
        rows.extend(_row(commit) for commit in lake.commits(name, after=known.get(name, -1)) if commit.metadata)
    if rows:
        _append(lake, rows, {**known, **versions})
    return len(rows)


def record_failure(lake: Lake, stage: str, error: Exception) -> None:
    """Adds a row with status `failed`. An error in doing so becomes a note on `error`."""
    now = datetime.now(UTC)
    row = dict.fromkeys(RUNS.schema.names)
    row |= {
        "run_id": run_id(stage, "failed", time.time_ns()),
        "stage": stage,
        "code_version": code_version(),
        "inputs": {},
        "status": "failed",
        "detail": {"error": f"{type(error).__name__}: {explain_failure(error).message}"[:2000]},
        "started_at": now,
        "finished_at": now,
    }
    try:
        _append(lake, [row], _recorded(lake))
    except Exception as second:  # a full disk, a read-only lake: the first error is the one to report
        error.add_note(f"(the failure could not be recorded in {RUNS.name}: {second})")


def _recorded(lake: Lake) -> dict[str, int]:
    """table -> the newest version that `runs` has a row for."""
    last = lake.last_own_commit(RUNS.name)
    if last and last.metadata:
        return dict(last.metadata.inputs)
    if not lake.exists(RUNS.name):
        return {}
    rows = lake.read_here(RUNS.name, ["table", "output_version"]).group_by("table")
    newest = rows.aggregate([("output_version", "max")]).to_pylist()
    return {row["table"]: row["output_version_max"] for row in newest if row["table"] is not None}


def _row(commit: Commit) -> dict[str, Any]:
    metadata = commit.metadata
    assert metadata is not None
    return {
        "run_id": metadata.run_id,
        "stage": metadata.stage,
        "table": commit.table,
        "mode": metadata.mode,
        "config_hash": metadata.config_hash,
        "code_version": metadata.code_version,
        "inputs": dict(metadata.inputs),
        "output_version": commit.version,
        "rows_in": metadata.rows_in,
        "rows_out": commit.rows_out,
        "seconds": round(commit.timestamp.timestamp() - metadata.started_at, 3),
        "status": "done",
        "detail": dict(metadata.detail),
        "started_at": datetime.fromtimestamp(metadata.started_at, UTC),
        "finished_at": commit.timestamp,
    }


def _append(lake: Lake, rows: list[dict[str, Any]], versions: dict[str, int]) -> None:
    table = pa.Table.from_pylist(rows, schema=RUNS.schema)
    metadata = CommitMetadata(
        run_id=run_id("runs", sorted(row["run_id"] for row in rows)),
        stage="runs",
        mode="append",
        config_hash="",
        code_version=code_version(),
        inputs=versions,
        started_at=time.time(),
        rows_in=len(rows),
    )
    lake.append(table, RUNS, metadata, None)
