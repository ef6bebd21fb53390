"""A retraction as a manifest: what `jobs.stages.ingest` commits, also after a kill.

The documents become rejects with the reason `retracted`, so rows read + kept = documents + rejects goes on to hold.
Their rejects and counts are rewritten for each file concerned.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from jobs.retraction.selection import Selection
from jobs.stages.reconcile import input_files
from jobs.stages.staged_files import Manifest
from lake.lake import Lake
from lake.ledger import run_id
from lake.row_files import select
from pipelines.readers.record import Reason, doc_id
from pipelines.tables import INPUTS, REJECTS, RETRACTIONS

STAGE = "retract"

File = tuple[str, str]  # (source, path)


@dataclass(frozen=True)
class Note:
    """What is recorded with each retraction."""

    reason: str | None
    requested_at: datetime


def manifest(lake: Lake, selection: Selection, note: Note) -> Manifest:
    """Writes the new rows of `retractions` and `rejects`, uncommitted; returns the manifest that commits them."""
    files = selection.files
    name = run_id(STAGE, selection.doc_ids, sorted(files), lake.version(INPUTS.name))
    for table in (RETRACTIONS.name, REJECTS.name):
        lake.remove_unfinished(table, name)
    inputs = _inputs(lake, files)
    rejects = _rejects(lake, selection, files, inputs, name, note.requested_at)
    return Manifest(
        run_id=name,
        started_at=time.time(),
        config_hash="",
        documents=(),
        rejects=tuple(lake.write(pa.Table.from_pylist(rejects, REJECTS.schema), REJECTS, name)) if rejects else (),
        inputs=tuple(_stored(row) for row in inputs.values()),
        removed_documents=tuple(selection.doc_ids),
        removed_files=tuple(sorted(files)),
        retractions=tuple(lake.write(_retractions(selection, note, name), RETRACTIONS, name)),
        stage=STAGE,
    )


def _inputs(lake: Lake, files: set[File]) -> dict[File, dict[str, Any]]:
    found = select(lake.storage, INPUTS, lake.files(INPUTS.name), input_files(files), INPUTS.schema.names)
    return {(row["source"], row["path"]): row for row in found.to_pylist()}


def _rejects(
    lake: Lake,
    selection: Selection,
    files: set[File],
    inputs: Mapping[File, dict[str, Any]],
    name: str,
    at: datetime,
) -> list[dict[str, Any]]:
    """The rejects of these files, without their samples, and one for each retracted record; counts them in `inputs`.

    A document that its file no longer holds is counted as `kept` in `inputs`, and not as a record that was read. One
    whose position another record has is such a document, so it gets no reject.
    """
    stored = select(lake.storage, REJECTS, lake.files(REJECTS.name), input_files(files), REJECTS.schema.names)
    found = {(row["source"], row["path"], row["position"]): _silenced(row) for row in stored.to_pylist()}
    for document_id, row in sorted({**selection.selected, **selection.covered}.items()):
        key = (row["source"], row["path"], row["position"])
        counts = inputs[key[0], key[1]]
        counts["documents"] -= 1
        counts["known"] = min(counts["known"], counts["documents"])
        if key in found:
            counts["kept"] -= 1
            continue
        counts["rejects"] += 1
        found[key] = {
            **{column: row[column] for column in ("source", "path", "uri", "position")},
            "reason": Reason.RETRACTED.value,
            "detail": row.get("goes_with") or document_id,
            "sample": None,
            "run_id": name,
            "ingested_at": at,
        }
    return list(found.values())


def _silenced(row: dict[str, Any]) -> dict[str, Any]:
    """A reject without bytes of its record; the detail of a retracted one is an id."""
    return row if row["reason"] == Reason.RETRACTED.value else {**row, "detail": None, "sample": None}


def _stored(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `inputs` as a manifest holds it, which is JSON; the time of reading stays."""
    return {**row, "recorded_at": row["recorded_at"].isoformat()}


def _retractions(selection: Selection, note: Note, name: str) -> pa.Table:
    shared = {"reason": note.reason, "requested_at": note.requested_at, "run_id": name}
    selected = [{**row, "goes_with": None} for row in selection.selected.values()]
    covered = [
        {**row, "text_hash": None, "url": None, "whole_file": False, "selector": "goes with another"}
        for row in selection.covered.values()
    ]
    closed = [
        {**row, "doc_id": doc_id(row["source"], row["path"], -1, ""), "whole_file": True} for row in selection.closed
    ]
    rows = [{**shared, **row} for row in (*selected, *covered, *closed)]
    return pa.Table.from_pylist([{name: row.get(name) for name in RETRACTIONS.schema.names} for row in rows],
                                schema=RETRACTIONS.schema)  # fmt: skip


def now() -> datetime:
    """The time of a request."""
    return datetime.now(UTC)
