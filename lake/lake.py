"""A lake: Delta tables under one folder or URI. Reading logs and committing needs no Spark."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from lake import history, log, row_files
from lake.commits import EXPIRED, Commit, CommitMetadata, parse
from lake.data_files import DataFile, active, of_table
from lake.parquet_writer import TableWriter, WriteTask, is_ours
from lake.storage import Storage, is_local
from pipelines.errors import TokenlakeError
from pipelines.tables import RUNS, Table
from pipelines.workers.mapped import Mapped

if TYPE_CHECKING:  # logs, versions and sizes need no Spark
    from pyspark.sql import DataFrame

Rows: TypeAlias = "DataFrame | Mapped | pa.Table"

_LOG_ENTRY = re.compile(r"(\d{20})\.(json$|checkpoint\.)")
_CONCURRENT = "{table}: another run committed meanwhile; run the command again"
_CHECKPOINT_INTERVAL = 100  # delta-rs's default, which applies to its own commits
_ATTEMPTS = 10  # at a commit without a base version

REWRITTEN = "rewritten"
"""How the names of data files begin that `exchange` writes without the removed rows."""


class ConcurrentCommitError(TokenlakeError, RuntimeError):
    """Another run committed to the table first; this commit was not made."""


class Frames(Protocol):
    """What a lake needs of an engine: it makes DataFrames of Parquet files and of Arrow tables."""

    def read_parquet(self, paths: Sequence[str], schema: pa.Schema) -> "DataFrame":
        """The rows of these files."""

    def frame(self, rows: pa.Table) -> "DataFrame":
        """An Arrow table of this process as a DataFrame."""


class Lake:
    """Reads and writes the tables under `root`.

    Args:
        root: a folder or URI.
        engine: makes DataFrames. Without one, `read`, `read_files` and writing a DataFrame fail.
    """

    def __init__(self, root: str, engine: Frames | None = None) -> None:
        self.root = root.rstrip("/")
        self.storage = Storage(self.root)
        self._engine = engine
        self._opened: dict[tuple[str, int], Any] = {}

    @property
    def engine(self) -> Frames:
        """The engine, which makes DataFrames.

        Raises:
            ValueError: the lake was opened without an engine.
        """
        if self._engine is None:
            raise ValueError(f"{self.root} was opened without an engine: its rows cannot be read")
        return self._engine

    def path(self, table: str) -> str:
        """The folder or URI of a table."""
        return self.storage.path(table)

    def version(self, table: str) -> int:
        """The newest version; -1 when the table does not exist."""
        return max(self._versions(table), default=-1)

    def exists(self, table: str) -> bool:
        """Whether a table has been committed."""
        return self.version(table) >= 0

    def has_version(self, table: str, version: int) -> bool:
        """Whether the log still tells which rows a version had."""
        from deltalake.exceptions import DeltaError, TableNotFoundError

        try:
            self._table(table, version)
        except (DeltaError, TableNotFoundError):
            return False
        return True

    def tables(self) -> list[str]:
        """Names of all Delta tables of the lake."""
        return [entry.name for entry in self.storage.entries() if entry.is_folder and self.exists(entry.name)]

    def files(self, table: str, version: int | None = None) -> list[DataFile]:
        """The data files of a version, by default the newest."""
        return active(self._table(table, self.version(table) if version is None else version))

    def rows(self, table: str) -> int:
        """Number of rows of the newest version, from its log."""
        return sum(file.rows for file in self.files(table))

    def size(self, table: str) -> tuple[int, int]:
        """(files, bytes) of the newest version."""
        files = self.files(table)
        return len(files), sum(file.size for file in files)

    def schema(self, table: str, version: int | None = None) -> pa.Schema:
        """The columns of a version, by default the newest."""
        opened = self._table(table, self.version(table) if version is None else version)
        return pa.schema(opened.schema().to_arrow())

    def properties(self, table: str, version: int | None = None) -> dict[str, str]:
        """The table properties of a version, by default the newest."""
        opened = self._table(table, self.version(table) if version is None else version)
        return dict(opened.metadata().configuration or {})

    def read(self, table: str, version: int | None = None, run_ids: Collection[str] | None = None) -> "DataFrame":
        """The rows of a version, by default the newest; with `run_ids` only the rows of these runs.

        Files whose statistics exclude these runs are not opened.
        """
        version = self.version(table) if version is None else version
        files = self.files(table, version)
        if run_ids is not None:
            files = [file for file in files if file.may_hold("run_id", run_ids)]
        rows = self.read_files(table, files, self.schema(table, version))
        if run_ids is not None and not all(file.holds_only("run_id", run_ids) for file in files):
            rows = rows.where(rows["run_id"].isin(sorted(run_ids)))
        return rows

    def read_holding(self, table: str, version: int, wanted: pa.Table) -> "DataFrame":
        """The rows of a version that have, in the columns of `wanted`, the values of one of its rows (texts).

        Only files with such rows are read whole, so that a few rows of a large table are found quickly.
        """
        files = row_files.holding(self.storage, table, self.files(table, version), wanted)
        rows = self.read_files(table, files, self.schema(table, version))
        return rows.join(self.engine.frame(wanted), on=wanted.column_names, how="left_semi")

    def read_here(
        self,
        table: str,
        columns: Sequence[str],
        run_ids: Collection[str] | None = None,
        version: int | None = None,
    ) -> pa.Table:
        """Some columns of a small table, read in this process without an engine; by default of the newest version.

        With `run_ids`, only the rows of these runs; the columns must name `run_id` then.
        """
        import pyarrow.parquet as pq

        parts = []
        for file in self.files(table, version):
            if run_ids is not None and not file.may_hold("run_id", run_ids):
                continue
            with self.storage.open(f"{table}/{file.path}") as stream:
                parts.append(pq.ParquetFile(stream).read(columns=list(columns)))
        schema = self.schema(table, version)
        empty = pa.schema([schema.field(name) for name in columns]).empty_table()
        found = pa.concat_tables([empty, *parts], promote_options="permissive")
        if run_ids is None:
            return found
        return found.filter(pc.is_in(found["run_id"], pa.array(run_ids, found["run_id"].type)))

    def read_files(self, table: str, files: Sequence[DataFile], schema: pa.Schema) -> "DataFrame":
        """The rows of some data files of a table, committed or not."""
        if not files:
            return self.engine.frame(schema.empty_table())
        groups: dict[tuple[bool, tuple[tuple[str, str], ...]], list[str]] = {}
        for file in files:
            group = (is_ours(file.path), tuple(sorted(file.partition.items())))
            groups.setdefault(group, []).append(self.storage.path(f"{table}/{file.path}"))
        found = None
        for (_, partition), paths in groups.items():  # files of other writers may store timestamps otherwise
            rows = self._read_partition(dict(partition), paths, schema)
            found = rows if found is None else found.unionByName(rows)
        assert found is not None
        return found

    def _read_partition(self, partition: Mapping[str, str], paths: Sequence[str], schema: pa.Schema) -> "DataFrame":
        """The rows of files of one partition. The files lack the partition columns, so these are added."""
        stored = pa.schema([each for each in schema if each.name not in partition])
        rows = self.engine.read_parquet(paths, stored)
        if not partition:
            return rows
        from pyspark.sql import functions as F

        added = {name: F.lit(value).cast("string") for name, value in partition.items()}
        return rows.withColumns(added).select(*schema.names)

    def commits(self, table: str, after: int = -1) -> Iterator[Commit]:
        """Commits newer than version `after`, newest first, each version once.

        Where an entry of the log has expired, the commit is as `runs` recorded it, else its operation is `EXPIRED`.
        """
        recorded: Mapping[int, Commit] | None = None
        for version in range(self.version(table), after, -1):
            text = self.storage.read_text(f"{table}/_delta_log/{version:020d}.json")
            if text is not None:
                yield parse(table, version, text)
                continue
            if recorded is None:
                recorded = {} if table == RUNS.name else history.recorded(self, table)
            yield recorded.get(version) or history.expired(table, version)

    def last_own_commit(self, table: str) -> Commit | None:
        """The newest commit that tokenlake made; None if there is none, or if nothing tells about a newer one."""
        known = takewhile(lambda commit: commit.operation != EXPIRED, self.commits(table))
        return next((commit for commit in known if commit.metadata), None)

    def append(self, rows: Rows, table: Table, metadata: CommitMetadata, base: int | None) -> None:
        """Adds rows in one commit. `base` and errors as for `commit_files`."""
        self.commit_files(self.write(rows, table, metadata.run_id), table, metadata, "append", base)

    def overwrite(self, rows: Rows, table: Table, metadata: CommitMetadata, base: int) -> None:
        """Replaces the table's contents in one commit; older versions stay readable. As `commit_files`."""
        self.commit_files(self.write(rows, table, metadata.run_id), table, metadata, "overwrite", base)

    def write(self, rows: Rows, table: Table, run_id: str) -> list[DataFile]:
        """Writes rows to new data files of a table, each task to its own, without committing them."""
        if isinstance(rows, pa.Table):
            writer = TableWriter(self.root, table, run_id)
            writer.write(rows)
            return writer.close()
        task = WriteTask(self.root, table, run_id)
        if isinstance(rows, Mapped):
            return of_table(rows.then(task, task.schema).frame().toArrow(), table.name)
        from pyspark.sql.pandas.types import from_arrow_schema

        reports = rows.select(*table.schema.names).mapInArrow(task, from_arrow_schema(task.schema))
        return of_table(reports.toArrow(), table.name)

    def change(
        self,
        table: Table,
        removed: Sequence[DataFile],
        added: Sequence[DataFile],
        metadata: CommitMetadata,
        base: int,
    ) -> None:
        """Takes data files out of a table and adds others, in one commit; `base` and errors as for `commit_files`.

        Raises:
            UnwritableTableError: the table uses a Delta feature that this would break.
        """
        try:
            self._change(table, removed, added, metadata, base, (f"tokenlake/{table.name}", base + 1))
        except ConcurrentCommitError:
            if not self._is_own(table.name, base + 1, metadata.run_id):
                raise

    def exchange(self, table: Table, wanted: pa.Table, added: Sequence[DataFile], metadata: CommitMetadata) -> None:
        """Removes the rows `wanted` (see `row_files`) and adds data files, in one commit, once per run id.

        The rows are removed from the newest version, so the commit can be tried again after any other. Nothing is
        committed if there are no such rows and no files, unless the table does not exist.

        Raises:
            ConcurrentCommitError: other runs kept committing first.
            UnwritableTableError: the table uses a Delta feature that this would break.
        """
        transaction = (_application(table.name, metadata.run_id), 1)
        name = f"{REWRITTEN}-{metadata.run_id.rpartition('-')[2]}"
        for attempt in range(_ATTEMPTS):
            version = self.version(table.name)
            if version < 0:
                self.commit_files(added, table, metadata, "append", None)
                return
            if self._has_committed(table.name, version, metadata.run_id):
                return
            self.remove_unfinished(table.name, name)
            rewritten = row_files.without(self.storage, table, self.files(table.name, version), wanted, name)
            if not rewritten.removed and not added:
                return
            made = replace(
                metadata,
                mode="change" if rewritten.removed else metadata.mode,
                rows_out=sum(file.rows for file in added),
                rows_removed=rewritten.rows,
            )
            try:
                self._change(table, rewritten.removed, [*rewritten.added, *added], made, version, transaction)
                return
            except ConcurrentCommitError:
                if attempt == _ATTEMPTS - 1:
                    raise

    def _change(
        self,
        table: Table,
        removed: Sequence[DataFile],
        added: Sequence[DataFile],
        metadata: CommitMetadata,
        base: int,
        transaction: tuple[str, int],
    ) -> None:
        """Commits version `base + 1`, or raises ConcurrentCommitError."""
        log.require_writable(self._table(table.name, base))
        try:
            log.commit(self.storage, table.name, base + 1, removed, added, metadata, transaction)
        except FileExistsError as error:
            raise ConcurrentCommitError(_CONCURRENT.format(table=table.name)) from error
        if (base + 1) % _CHECKPOINT_INTERVAL == 0:
            self._table(table.name, base + 1).create_checkpoint()

    def commit_files(
        self, files: Sequence[DataFile], table: Table, metadata: CommitMetadata, mode: str, base: int | None
    ) -> None:
        """Commits data files in the table's folder, in one transaction.

        Args:
            files: to add to the table.
            table: name, schema, partitioning and properties; schema and properties replace those of the stored table,
                in the same commit.
            metadata: is stored in the log; `rows_out` is counted from the files unless it is set.
            mode: `append`, or `overwrite`, which removes all earlier files from the table.
            base: the version that the files were computed from; the commit becomes version `base + 1` or fails, so of
                several runs at once one succeeds. It also counts as success if that version has this run id.
                None: commits after the newest version, once per run id.

        Raises:
            ConcurrentCommitError: another run has committed version `base + 1`.
        """
        if metadata.rows_out is None:
            metadata = replace(metadata, rows_out=sum(file.rows for file in files))
        if base is not None:
            try:
                self._commit(table, files, metadata, mode, base, (f"tokenlake/{table.name}", base + 1))
            except ConcurrentCommitError:
                if not self._is_own(table.name, base + 1, metadata.run_id):
                    raise
            return
        transaction = (_application(table.name, metadata.run_id), 1)
        for attempt in range(_ATTEMPTS):
            version = self.version(table.name)
            if self._has_committed(table.name, version, metadata.run_id):
                return
            try:
                self._commit(table, files, metadata, mode, version, transaction)
                return
            except ConcurrentCommitError:
                if attempt == _ATTEMPTS - 1:
                    raise

    def _is_own(self, table: str, version: int, run_id: str) -> bool:
        """Whether a version was committed under a run id, for instance by a commit whose response was lost."""
        commit = next((each for each in self.commits(table, version - 1) if each.version == version), None)
        return commit is not None and commit.metadata is not None and commit.metadata.run_id == run_id

    def is_committed(self, table: str, run_id: str) -> bool:
        """Whether `commit_files` without `base` has succeeded under this run id."""
        return self._has_committed(table, self.version(table), run_id)

    def _has_committed(self, table: str, version: int, run_id: str) -> bool:
        """The same, as of a version."""
        application = _application(table, run_id)
        return version >= 0 and self._table(table, version).transaction_version(application) is not None

    def remove_unfinished(self, table: str, run_id: str) -> None:
        """Deletes data files of an attempt that ended before its commit; only on a local lake, which has a lock.

        Files of the newest version are kept.
        """
        if not is_local(self.root):
            return
        begin = f"part-{run_id}-"
        found = {path for path in self.storage.files_below(table) if path.rpartition("/")[2].startswith(begin)}
        if found and self.exists(table):
            found -= {file.path for file in self.files(table)}  # the attempt did commit
        for path in found:
            self.storage.delete(f"{table}/{path}")

    def _commit(
        self,
        table: Table,
        files: Sequence[DataFile],
        metadata: CommitMetadata,
        mode: str,
        base: int,
        transaction: tuple[str, int],
    ) -> None:
        """Commits version `base + 1`, or raises ConcurrentCommitError."""
        from deltalake.exceptions import DeltaError

        opened = self._table(table.name, base) if base >= 0 else None
        try:
            log.write(self.storage, table, opened, files, metadata, mode, transaction)
        except (DeltaError, FileExistsError) as error:
            if self.version(table.name) > base:
                raise ConcurrentCommitError(_CONCURRENT.format(table=table.name)) from error
            raise
        finally:
            self._opened.pop((table.name, base), None)  # after a commit the object is at the new version

    def _table(self, table: str, version: int) -> Any:
        """The `deltalake.DeltaTable` of a version, cached."""
        from deltalake import DeltaTable

        opened = self._opened.get((table, version))
        if opened is None:
            opened = self._opened[table, version] = DeltaTable(self.path(table), version=version)
        return opened

    def _versions(self, table: str) -> list[int]:
        names = (entry.name for entry in self.storage.entries(f"{table}/_delta_log"))
        return [int(found[1]) for name in names if (found := _LOG_ENTRY.match(name))]


def _application(table: str, run_id: str) -> str:
    """The `appId` of transactions without a base version: each run id commits once to a table."""
    return f"tokenlake/{run_id}/{table}"
