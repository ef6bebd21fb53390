"""Which rows a table gained or lost between two versions, as its data files tell, whatever commits made them."""

from typing import TYPE_CHECKING

from lake.compacted_files import files_beside
from lake.reading import LakeReader

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


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
    if before >= 0:
        before = min(after, lake.same_rows_until(table, before))
        if not lake.has_version(table, before):
            return None
    old = {file.path: file for file in lake.files(table, before)} if before >= 0 else {}
    new = files_beside(lake, table, after, before)
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
