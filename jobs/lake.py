"""A lake: Delta tables under one folder or Hadoop URI, and what their logs say of each commit."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from pipelines.tables import Table

_COMMIT_FILE = re.compile(r"(\d{20})\.json$")


@dataclass(frozen=True)
class Note:
    """What tokenlake writes into a commit's `userMetadata`."""

    run_id: str
    stage: str
    mode: str  # append | rebuild
    config_hash: str
    code_version: str
    inputs: Mapping[str, int]  # table -> version read
    started_at: float  # seconds since the epoch
    rows_in: int = 0
    detail: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """The text of `userMetadata`."""
        return json.dumps({"tokenlake": asdict(self)}, sort_keys=True)


@dataclass(frozen=True)
class Commit:
    """One version of a table, as its log tells it."""

    table: str
    version: int
    timestamp: datetime
    operation: str
    metrics: Mapping[str, str]
    note: Note | None  # None when somebody else committed

    @property
    def rows_out(self) -> int:
        """Rows this commit added (for a merge: inserted)."""
        return int(self.metrics.get("numTargetRowsInserted", self.metrics.get("numOutputRows", 0)))


class Lake:
    """Reads and writes the tables under `root`. Logs are read through Hadoop, so any Hadoop URI will do."""

    def __init__(self, spark: SparkSession, root: str) -> None:
        self.spark = spark
        self.root = root.rstrip("/")

    def path(self, table: str) -> str:
        """Where a table lies."""
        return f"{self.root}/{table}"

    def version(self, table: str) -> int:
        """The newest version; -1 when the table does not exist."""
        return max(self._versions(table), default=-1)

    def exists(self, table: str) -> bool:
        """Whether a table has been committed."""
        return self.version(table) >= 0

    def tables(self) -> list[str]:
        """Names of all Delta tables of the lake."""
        folder = self._hadoop_path(self.root)
        if not self._files.exists(folder):
            return []
        names = [status.getPath().getName() for status in self._files.listStatus(folder) if status.isDirectory()]
        return sorted(name for name in names if self.exists(name))

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """A table, at a version or as it stands."""
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(self.path(table))

    def commits(self, table: str, after: int = -1) -> Iterator[Commit]:
        """Commits newer than version `after`, newest first."""
        for version in sorted(self._versions(table), reverse=True):
            if version <= after:
                return
            yield self._commit(table, version)

    def last_noted(self, table: str) -> Commit | None:
        """The newest commit that tokenlake made."""
        return next((commit for commit in self.commits(table) if commit.note), None)

    def append(self, rows: DataFrame, table: Table, note: Note, base: int | None = None) -> None:
        """Adds rows; a repeated call with the same run id is a no-op.

        With `base`, the version that the rows were made for, nothing is written when another run has committed since:
        of any number of runs at once, one wins each version.
        """
        self._write(rows, table, note, "append", base)

    def overwrite(self, rows: DataFrame, table: Table, note: Note, base: int | None = None) -> None:
        """Replaces the table's contents in one commit; older versions stay readable. `base` is as for `append`."""
        self._write(rows, table, note, "overwrite", base)

    def merge(self, rows: DataFrame, table: Table, note: Note, base: int | None = None) -> None:
        """Updates rows whose key is known and adds the others, in one commit. `base` is as for `append`."""
        from delta.tables import DeltaTable

        condition = " AND ".join(f"old.{key} = new.{key}" for key in table.key)
        target = DeltaTable.forPath(self.spark, self.path(table.name)).alias("old")
        application, number = _transaction(note, table, base)
        settings = {
            "spark.databricks.delta.commitInfo.userMetadata": note.to_json(),
            "spark.databricks.delta.write.txnAppId": application,
            "spark.databricks.delta.write.txnVersion": str(number),
        }
        for key, value in settings.items():
            self.spark.conf.set(key, value)
        try:
            target.merge(rows.alias("new"), condition).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()
        finally:
            for key in settings:
                self.spark.conf.unset(key)

    def read_file(self, name: str) -> str | None:
        """A small UTF-8 file of the lake; None when it is absent."""
        path = self._hadoop_path(self.path(name))
        if not self._files.exists(path):
            return None
        stream = self._files.open(path)
        try:
            return str(self.spark._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
        finally:
            stream.close()

    def write_file(self, name: str, text: str) -> None:
        """Writes a small UTF-8 file: whole, or not at all."""
        final = self._hadoop_path(self.path(name))
        part = self._hadoop_path(f"{self.path(name)}.part")
        stream = self._files.create(part, True)
        try:
            stream.write(text.encode())
        finally:
            stream.close()
        self._files.delete(final, False)
        if not self._files.rename(part, final):
            raise OSError(f"{self.path(name)}: could not be written")

    def folders(self, name: str) -> list[str]:
        """Names of the folders under a folder of the lake; none when it is absent."""
        path = self._hadoop_path(self.path(name))
        if not self._files.exists(path):
            return []
        return sorted(status.getPath().getName() for status in self._files.listStatus(path) if status.isDirectory())

    def delete(self, name: str) -> None:
        """Removes a file or folder of the lake that is no table."""
        self._files.delete(self._hadoop_path(self.path(name)), True)

    def size(self, table: str) -> tuple[int, int]:
        """(files, bytes) of the newest version."""
        detail = self.spark.sql(f"DESCRIBE DETAIL delta.`{self.path(table)}`").select("numFiles", "sizeInBytes").head()
        assert detail is not None
        return detail[0], detail[1]

    def _write(self, rows: DataFrame, table: Table, note: Note, mode: str, base: int | None) -> None:
        application, number = _transaction(note, table, base)
        writer = (
            rows.select(*table.schema.names)
            .write.format("delta")
            .mode(mode)
            .option("userMetadata", note.to_json())
            .option("txnAppId", application)
            .option("txnVersion", str(number))
            .option("compression", table.compression)
        )
        if mode == "overwrite":
            writer = writer.option("overwriteSchema", "true")
        if table.partition_by:
            writer = writer.partitionBy(*table.partition_by)
        writer.save(self.path(table.name))

    @cached_property
    def _files(self) -> Any:
        """Hadoop's FileSystem of the lake."""
        return self._hadoop_path(self.root).getFileSystem(self.spark._jsc.hadoopConfiguration())

    def _hadoop_path(self, path: str) -> Any:
        return self.spark._jvm.org.apache.hadoop.fs.Path(path)

    def _versions(self, table: str) -> list[int]:
        log = self._hadoop_path(f"{self.path(table)}/_delta_log")
        if not self._files.exists(log):
            return []
        names = (status.getPath().getName() for status in self._files.listStatus(log))
        return [int(found[1]) for name in names if (found := _COMMIT_FILE.match(name))]

    def _commit(self, table: str, version: int) -> Commit:
        stream = self._files.open(self._hadoop_path(f"{self.path(table)}/_delta_log/{version:020d}.json"))
        java = self.spark._jvm.java.io
        reader = java.BufferedReader(java.InputStreamReader(stream, "UTF-8"))
        try:
            lines = iter(reader.readLine, None)
            info: dict[str, Any] = next(
                (action["commitInfo"] for line in lines if "commitInfo" in (action := json.loads(line))), {}
            )
        finally:
            reader.close()
        return Commit(
            table=table,
            version=version,
            timestamp=datetime.fromtimestamp(info.get("timestamp", 0) / 1000, UTC),
            operation=info.get("operation", "unknown"),
            metrics=info.get("operationMetrics", {}),
            note=_note(info.get("userMetadata")),
        )


def _transaction(note: Note, table: Table, base: int | None) -> tuple[str, int]:
    """(application, number) of a write: Delta refuses a number that the application has used, or passed, already."""
    if base is None:
        return f"tokenlake/{note.run_id}/{table.name}", 1
    return f"tokenlake/{table.name}", base + 1


def _note(metadata: str | None) -> Note | None:
    try:
        return Note(**json.loads(metadata or "{}")["tokenlake"])
    except (ValueError, KeyError, TypeError):
        return None  # written by another tool
