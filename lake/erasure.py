"""Deletes the data files that only earlier versions of the tables need, and all else that could hold texts that left.

Retracted documents are in no newest version; what a lake's folder still holds of them is in files of earlier ones.
Which files of these have their texts cannot be told from a reading of ids alone (rows were rewritten, packed,
compacted), so all earlier versions go but those that are pinned and hold none of the documents.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from lake.holding import column_of, holding_at
from lake.lake import Lake
from lake.maintenance.pins import pinned, unpin
from lake.maintenance.vacuum import Deleted, delete_unreferenced
from lake.scratch import STAGING
from pipelines.errors import TokenlakeError

_CHANGES = "_change_data"
"""Folder of a table in which other writers keep the rows that their commits changed (Delta's change data feed)."""

_PAGES = ("report", "features/report")
"""Pages that show texts or values; commands make them again."""


class PinnedTextError(TokenlakeError, RuntimeError):
    """A pinned version holds documents that were retracted."""


class NotRetractedError(TokenlakeError, RuntimeError):
    """The newest version of a table still holds documents that were retracted."""


@dataclass(frozen=True)
class Erased:
    """What was deleted, or would be."""

    tables: Mapping[str, Deleted] = field(default_factory=dict)
    oldest: Mapping[str, int] = field(default_factory=dict)  # table -> its newest version: no earlier one is readable
    kept: Mapping[str, Sequence[int]] = field(default_factory=dict)  # table -> pinned versions that stay readable
    pins_dropped: Sequence[str] = ()  # `name of the pin: table version`
    others: Sequence[str] = ()  # further files and folders


def erase(
    lake: Lake,
    tables: Collection[str],
    doc_ids: pa.Array,
    staged: Mapping[str, Collection[str]],
    drop_pins: bool = False,
    dry_run: bool = False,
) -> Erased:
    """Deletes everything but the newest versions of tables, and pinned versions without retracted documents.

    Args:
        lake: locked by the caller.
        tables: names of the tables that tokenlake made.
        doc_ids: of all documents that were retracted.
        staged: table -> data files that are not committed yet and stay.
        drop_pins: takes away pins of versions that hold such documents.
        dry_run: only says what would be deleted.

    Raises:
        NotRetractedError: a newest version holds such documents; nothing is deleted.
        PinnedTextError: a pinned version does; nothing is deleted.
    """
    _require_free(lake, tables, doc_ids)
    holding, kept = _pins(lake, tables, doc_ids)
    if holding and not drop_pins:
        said = "; ".join(f"{table} version {version}, pinned for {', '.join(of)}" for table, version, of in holding)
        raise PinnedTextError(
            f"{lake.root}: pinned versions hold documents that were retracted: {said}. Nothing was deleted. "
            f"--drop-pins takes these pins away; `tokenlake pin {lake.root} --list` lists all"
        )
    dropped = [f"{name}: {table} {version}" for table, version, names in holding for name in names]
    for table, version, names in () if dry_run else holding:
        for name in names:
            unpin(lake, name, table, version)
    deleted = {
        table: delete_unreferenced(
            lake, table, kept.get(table, ()), time.time() + 1, None, staged.get(table, ()), dry_run
        )
        for table in tables
    }
    newest = {table: lake.version(table) for table in tables}
    return Erased(deleted, newest, kept, dropped, _others(lake, tables, dry_run))


def _require_free(lake: Lake, tables: Collection[str], doc_ids: pa.Array) -> None:
    for table in tables:
        column = column_of(lake.schema(table))
        rows = holding_at(lake, table, lake.version(table), doc_ids) if column and table != "retractions" else 0
        if rows:
            raise NotRetractedError(
                f"{lake.root}: {table} holds {rows:,} rows of retracted documents. Nothing was deleted. Finish the "
                "retraction first: the same `tokenlake retract` again, or `tokenlake run CONFIG`"
            )


def _pins(
    lake: Lake, tables: Collection[str], doc_ids: pa.Array
) -> tuple[list[tuple[str, int, Sequence[str]]], dict[str, list[int]]]:
    """(pinned versions with such documents, those without)."""
    holding: list[tuple[str, int, Sequence[str]]] = []
    kept: dict[str, list[int]] = {}
    for table, versions in pinned(lake).items():
        for version, names in versions.items():
            if table not in tables:
                continue
            column = column_of(lake.schema(table, version))
            if table != "retractions" and column and holding_at(lake, table, version, doc_ids):
                holding.append((table, version, names))
            else:
                kept.setdefault(table, []).append(version)
    return holding, kept


def _others(lake: Lake, tables: Collection[str], dry_run: bool) -> list[str]:
    """Deletes intermediate rows of killed runs, pages, and changes that other writers noted."""
    staging = [f"{STAGING}/{entry.name}" for entry in lake.storage.entries(STAGING) if entry.is_folder]
    changes = [f"{table}/{_CHANGES}" for table in tables]
    found = [name for name in (*staging, *changes, *_PAGES) if any(True for _ in lake.storage.files_below(name))]
    for name in () if dry_run else found:
        lake.storage.delete(name)
    return found
