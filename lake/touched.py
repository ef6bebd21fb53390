"""Which rows a table gained or lost between two versions, as its data files tell, whatever commits made them."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lake.data_files import DataFile
from lake.reading import LakeReader

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_SOURCES = "tokenlake.sources"
"""The tag of an add-action that names the files which a compacted file is made of."""


def sources_tag(files: Sequence[DataFile]) -> Mapping[str, str]:
    """The tag of a file that holds the rows of these."""
    return {_SOURCES: json.dumps([file.path for file in files])}


def touched(lake: LakeReader, table: str, before: int, after: int, key: str) -> "DataFrame | None":
    """The keys of rows that are in one of two versions and not in the other, each at least once.

    A row is the same in both if key and run id are: a run writes a key once. Only data files that are not in both
    versions are read; instead of a file that compaction has made since, those that it was made of.

    Args:
        lake: holds the table.
        table: its name; it has a column `run_id`.
        before: the earlier version; -1: the table did not exist.
        after: the later version.
        key: the column that names a row.

    Returns:
        The column `key`. None if nothing tells any more what the earlier version held.
    """
    if before >= 0 and not lake.has_version(table, before):
        return None
    old = {file.path: file for file in lake.files(table, before)} if before >= 0 else {}
    new = {file.path: file for file in lake.files(table, after)}
    if before >= 0:
        new = _before_compaction(lake, table, new, old, range(after, before, -1))
    lost = [file for path, file in old.items() if path not in new]
    gained = [file for path, file in new.items() if path not in old]
    if not all(lake.storage.exists(f"{table}/{file.path}") for file in lost):
        return None
    from pyspark.sql import functions as F

    schema = lake.schema(table, after)
    added = lake.read_files(table, gained, schema).select(key, "run_id", F.lit(1).alias("times"))
    if not lost:
        return added.select(key)
    removed = lake.read_files(table, lost, schema).select(key, "run_id", F.lit(-1).alias("times"))
    counted = added.unionByName(removed).groupBy(key, "run_id").agg(F.sum("times").alias("times"))
    return counted.where("times != 0").select(key)


def _before_compaction(
    lake: LakeReader, table: str, new: Mapping[str, DataFile], old: Mapping[str, DataFile], versions: range
) -> dict[str, DataFile]:
    """`new`, with compacted files replaced by those they are made of, where these are all still there.

    Args:
        lake: holds the table.
        table: its name.
        new: path -> file, of the later version.
        old: the same of the earlier one, whose files need not be looked for.
        versions: those after the earlier one, newest first.
    """
    found = dict(new)
    for version in versions:
        text = lake.storage.read_text(f"{table}/_delta_log/{version:020d}.json") or ""
        if _SOURCES not in text:
            continue
        actions = [json.loads(line) for line in text.splitlines()]
        gone = {file.path: file for each in actions if (file := _removed(each.get("remove")))}
        for each in actions:
            made, sources = _made(each.get("add"))
            there = all(path in old or lake.storage.exists(f"{table}/{path}") for path in sources)
            if made in found and sources and there:
                del found[made]
                found |= {path: old.get(path) or gone[path] for path in sources}
    return found


def _removed(action: Mapping[str, Any] | None) -> DataFile | None:
    if action is None:
        return None
    return DataFile(unquote(action["path"]), action.get("size", 0), -1, action.get("partitionValues") or {})


def _made(action: Mapping[str, Any] | None) -> tuple[str, list[str]]:
    """(path, sources) of a compacted file; no sources of another."""
    tags = (action or {}).get("tags") or {}
    return unquote((action or {}).get("path", "")), json.loads(tags.get(_SOURCES, "[]"))
