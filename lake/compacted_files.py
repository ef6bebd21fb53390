"""The files that compaction has put together, taken apart again: what came since a version is told by small files."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from lake.data_files import DataFile
from lake.reading import LakeReader

_SOURCES = "tokenlake.sources"
"""The tag of an add-action that names the files which a compacted file is made of."""


def sources_tag(files: Sequence[DataFile]) -> Mapping[str, str]:
    """The tag of a file that holds the rows of these."""
    return {_SOURCES: json.dumps([file.path for file in files])}


def files_beside(lake: LakeReader, table: str, version: int, before: int) -> dict[str, DataFile]:
    """path -> file: data files with the rows of a version, as few as possible of which are not in an earlier one.

    Instead of a file that compaction has made since the earlier version, these are the files that it was made of,
    where all of them are still there.

    Args:
        lake: holds the table.
        table: its name.
        version: whose rows are wanted.
        before: the earlier version; -1: none.
    """
    found = {file.path: file for file in lake.files(table, version)}
    if before < 0:
        return found
    old = {file.path: file for file in lake.files(table, before)}
    for each in range(version, before, -1):
        text = lake.storage.read_text(f"{table}/_delta_log/{each:020d}.json") or ""
        if _SOURCES not in text:
            continue
        actions = [json.loads(line) for line in text.splitlines()]
        gone = {file.path: file for action in actions if (file := _removed(action.get("remove")))}
        for action in actions:
            made, sources = _made(action.get("add"))
            there = all(path in old or lake.storage.exists(f"{table}/{path}") for path in sources)
            if made in found and sources and there:
                del found[made]
                found |= {path: old.get(path) or gone[path] for path in sources}
    return found


def _removed(action: Mapping[str, Any] | None) -> DataFile | None:
    if action is None:
        return None
    stats, partition = json.loads(action.get("stats") or "{}"), action.get("partitionValues") or {}
    low, high = stats.get("minValues") or {}, stats.get("maxValues") or {}
    rows = stats.get("numRecords", -1)
    return DataFile(unquote(action["path"]), action.get("size", 0), rows, partition, low, high)


def _made(action: Mapping[str, Any] | None) -> tuple[str, list[str]]:
    """(path, sources) of a compacted file; no sources of another."""
    tags = (action or {}).get("tags") or {}
    return unquote((action or {}).get("path", "")), json.loads(tags.get(_SOURCES, "[]"))
