"""Compares what was read of changed files with what the lake holds of them.

Known documents are taken out of what was read, so that no later step sees them again. The result is a manifest whose
commit leaves in the lake what the configuration says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from jobs.stages.arrivals import Listed
from jobs.stages.known_sources import KnownSource
from jobs.stages.staged_files import Manifest
from lake.data_files import DataFile
from lake.lake import Lake
from lake.row_files import select, without
from pipelines.tables import DOCUMENTS, REJECTS, Table

File = tuple[str, str]  # (source, path)


@dataclass
class _Change:
    """Documents of one file: ids by what becomes of them."""

    known: set[str] = field(default_factory=set)  # in the lake, and read again
    removed: set[str] = field(default_factory=set)  # leave the lake
    kept: set[str] = field(default_factory=set)  # no longer in the file, stay in the lake


def reconcile(
    lake: Lake,
    read: Manifest,
    listed: Sequence[Listed],
    gone: Sequence[File],
    known: Mapping[str, KnownSource],
) -> Manifest:
    """The manifest to commit, from that of all files that were read."""
    about = {(one.file.source, one.file.path): one for one in listed}
    rows = {(row["source"], row["path"]): row for row in read.inputs}
    again = {file for file in rows if (before := known.get(file[0])) and file[1] in before.files}
    same = _same_failure(lake, read, [file for file in again if known[file[0]].files[file[1]].retry])
    changes = _changes(lake, read, again, {file: _keeps(rows[file], about[file]) for file in again})
    same = {file for file in same if not changes[file].removed and len(changes[file].known) == rows[file]["documents"]}
    leaving = _ids(lake.files(DOCUMENTS.name), lake, gone) if gone else {}
    inputs = [_row(row, about[file], changes.get(file)) for file, row in rows.items() if file not in same]
    arrived = set().union(*(change.known for change in changes.values()))
    return replace(
        read,
        documents=_dropped(lake, DOCUMENTS, read.documents, pa.table({"doc_id": sorted(arrived)}), read.run_id),
        rejects=_dropped(lake, REJECTS, read.rejects, input_files(same), read.run_id),
        inputs=tuple(inputs),
        removed_documents=tuple(sorted({*leaving, *(one for change in changes.values() for one in change.removed)})),
        removed_files=tuple(sorted({*gone, *(again - same)})),
    )


def _keeps(row: Mapping[str, Any], one: Listed) -> bool:
    """Whether documents stay that the reading did not meet: by configuration, or because it failed."""
    return one.config.on_change == "keep" or row["transient"] > 0


def _changes(lake: Lake, read: Manifest, files: set[File], keeps: Mapping[File, bool]) -> dict[File, _Change]:
    """What becomes of the documents of files that were read before."""
    if not files:
        return {}
    before = _ids(lake.files(DOCUMENTS.name), lake, files)
    now = _ids(read.documents, lake, files)
    changes = {file: _Change() for file in files}
    for doc_id, (file, content) in before.items():
        change = changes[file]
        if doc_id in now:
            (change.known if now[doc_id][1] == content else change.removed).add(doc_id)
        else:
            (change.kept if keeps[file] else change.removed).add(doc_id)
    return changes


def _ids(data_files: Sequence[DataFile], lake: Lake, files: Iterable[File]) -> dict[str, tuple[File, Any]]:
    """doc_id -> (file, everything but the text that makes the document) of the documents of some input files."""
    columns = ["doc_id", "source", "path", "language", "meta"]
    found = select(lake.storage, DOCUMENTS, data_files, input_files(files), columns).to_pylist()
    return {
        row["doc_id"]: ((row["source"], row["path"]), (row["language"], sorted(row["meta"] or ()))) for row in found
    }


def _same_failure(lake: Lake, read: Manifest, files: Sequence[File]) -> set[File]:
    """Those of the files to retry whose rejects are those of the attempt before."""
    if not files:
        return set()
    before = _rejects(lake, lake.files(REJECTS.name), files)
    return {file for file, rejects in _rejects(lake, read.rejects, files).items() if before.get(file) == rejects}


def _rejects(lake: Lake, data_files: Sequence[DataFile], files: Sequence[File]) -> dict[File, list[tuple[Any, ...]]]:
    columns = ["source", "path", "position", "reason", "detail"]
    found: dict[File, list[tuple[Any, ...]]] = {}
    for row in select(lake.storage, REJECTS, data_files, input_files(files), columns).to_pylist():
        found.setdefault((row["source"], row["path"]), []).append((row["position"], row["reason"], row["detail"]))
    return {file: sorted(rejects) for file, rejects in found.items()}


def _row(row: Mapping[str, Any], one: Listed, change: _Change | None) -> dict[str, Any]:
    """A row of `inputs`, without the columns that all rows of a commit share."""
    change = change or _Change()
    counts = {name: value for name, value in row.items() if name != "transient"}
    return {
        **counts,
        "root": one.root,
        "stamp": one.file.stamp,
        "settings": one.settings,
        "retry": row["transient"] > 0,
        "documents": row["documents"] + len(change.kept),
        "known": len(change.known),
        "kept": len(change.kept),
    }


def _dropped(
    lake: Lake, table: Table, files: Sequence[DataFile], wanted: pa.Table, run_id: str
) -> tuple[DataFile, ...]:
    """Data files that no commit knows yet, without some rows."""
    made = without(lake.storage, table, files, wanted, run_id)
    for file in made.removed:
        lake.storage.delete(f"{table.name}/{file.path}")
    left = {file.path for file in made.removed}
    return (*(file for file in files if file.path not in left), *made.added)


def input_files(files: Iterable[File]) -> pa.Table:
    """Input files as the columns source, path."""
    pairs = list(files)
    return pa.table(
        {
            "source": pa.array([source for source, _ in pairs], pa.string()),
            "path": pa.array([path for _, path in pairs], pa.string()),
        }
    )
