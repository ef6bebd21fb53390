"""Deletes data files of a table that no version to be kept refers to.

delta-rs's vacuum commits twice for each table and reads every kept version whole; here one version and the log
entries behind it tell what a span of versions refers to, and the folder is listed once. As with delta-rs, names that
begin with `_` or `.` are never looked at.
"""

import json
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import unquote

from lake.maintenance.log_listing import listed
from lake.reading import LakeReader

_DATA = ".parquet"
_DELETING = 16  # requests at once


@dataclass(frozen=True)
class Deleted:
    """Files that were deleted, or would be."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "Deleted") -> "Deleted":
        return Deleted(self.files + other.files, self.bytes + other.bytes)


def delete_unreferenced(
    lake: LakeReader,
    table: str,
    keep_versions: Collection[int],
    older_than: float,
    since: int | None = None,
    besides: Collection[str] = (),
    dry_run: bool = False,
    only_committed: bool = False,
) -> Deleted:
    """Deletes the data files that none of these versions refers to.

    Args:
        lake: holds the table.
        table: its name.
        keep_versions: versions whose files stay. Those of the newest always stay.
        older_than: seconds since the epoch. Files that were written later stay: a run that is at work may commit them.
        since: the files of every version from this one on stay too.
        besides: more files that stay, relative to the table's folder.
        dry_run: only counts.
        only_committed: leaves files alone that are in no commit which the log still has, however old: a run that is at
            work may have written them days ago.

    Raises:
        UnreadableTableError: another program enabled a feature under which files cannot be told apart.
        DeltaError: a version to be kept is not there any more; nothing is deleted.
    """
    newest = lake.version(table)
    kept = {*besides, *referenced(lake, table, newest if since is None else since)}
    for version in keep_versions:
        kept.update(file.path for file in lake.files(table, version))
    known = referenced(lake, table, listed(lake, table).readable()[0]) if only_committed else None
    doomed = [(path, size) for path, size in _written_before(lake, table, older_than) if path not in kept]
    doomed = [(path, size) for path, size in doomed if known is None or path in known]
    if not dry_run:
        with ThreadPoolExecutor(_DELETING) as pool:
            list(pool.map(lake.storage.delete, (f"{table}/{path}" for path, _ in doomed)))
    return Deleted(len(doomed), sum(size for _, size in doomed))


def on_disk(lake: LakeReader, table: str) -> int:
    """Bytes of all data files in the folder of a table, committed or not."""
    return sum(size for _, size in _written_before(lake, table, float("inf")))


def only_for(lake: LakeReader, table: str, versions: Collection[int], since: int) -> int:
    """Bytes of the files that only these versions refer to, and none from `since` on."""
    if not versions:
        return 0
    others = referenced(lake, table, since)
    own = {file.path: file.size for version in versions for file in lake.files(table, version)}
    return sum(size for path, size in own.items() if path not in others)


def referenced(lake: LakeReader, table: str, since: int) -> set[str]:
    """The data files of all versions from `since` to the newest."""
    found = {file.path for file in lake.files(table, since)}
    for version in range(since + 1, lake.version(table) + 1):
        text = lake.storage.read_text(f"{table}/_delta_log/{version:020d}.json")
        if text is not None:
            found.update(_paths(text, "add"))
        elif lake.has_version(table, version):  # its entry was cut, a checkpoint tells
            found.update(file.path for file in lake.files(table, version))
    return found


def whole_since(lake: LakeReader, table: str, since: int) -> int:
    """The oldest version from which on all data files are there: `since`, unless somebody has deleted some."""
    there = set(lake.storage.files_below(table))
    lost = {path for path in referenced(lake, table, since) if path not in there}
    for version in range(lake.version(table), since, -1) if lost else ():
        text = lake.storage.read_text(f"{table}/_delta_log/{version:020d}.json")
        if text is None or not lost.isdisjoint(_paths(text, "remove")):
            return version
    return since


def _paths(entry: str, action: str) -> Iterator[str]:
    """The data files that an entry adds (`add`) or takes out (`remove`)."""
    for line in entry.splitlines():
        if f'"{action}"' in line[:20]:
            yield unquote(json.loads(line)[action]["path"])


def _written_before(lake: LakeReader, table: str, time: float) -> Iterator[tuple[str, int]]:
    """(path, bytes) of data files, committed or not."""
    for path, entry in lake.storage.entries_below(table):
        hidden = any(part.startswith(("_", ".")) for part in path.split("/"))
        if not hidden and path.endswith(_DATA) and entry.modified < time:
            yield path, entry.size
