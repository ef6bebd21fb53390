"""A lake: Delta tables under one folder or URI. Reading logs and committing needs no Spark."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa

from lake import log, row_files
from lake.commits import CommitMetadata
from lake.data_files import DataFile, of_table
from lake.lock import require_held
from lake.parquet_writer import TableWriter, WriteTask
from lake.reading import LakeReader
from pipelines.errors import TokenlakeError
from pipelines.storage.uri import LakeUri
from pipelines.tables import Table
from pipelines.workers.mapped import Mapped

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Rows: TypeAlias = "DataFrame | Mapped | pa.Table"

_CONCURRENT = "{table}: another run committed meanwhile; run the command again"
_CHECKPOINT_INTERVAL = 20  # versions; who opens a table reads a checkpoint and the entries behind it, each twice
_ATTEMPTS = 10  # at a commit without a base version

# Seconds. Longer than a request to an object store can take: one signed 15 minutes before, by the store's clock, is
# refused. So a holder of the lease that was taken over can no longer commit files that are older.
_SETTLED = 3600

REWRITTEN = "rewritten"
"""How the names of data files begin that `exchange` writes without the removed rows."""


class ConcurrentCommitError(TokenlakeError, RuntimeError):
    """Another run committed to the table first; this commit was not made."""


class Lake(LakeReader):
    """Reads, writes and commits the tables under `root`; writing a DataFrame needs an engine."""

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
        require_held(self.root)
        self.require_writable(table.name, base)
        opened = self._table(table.name, base)
        grown = log.grown_table(table, opened)
        description = log.description_of(grown, opened) if grown else ()
        try:
            log.commit(self.storage, table.name, base + 1, removed, added, metadata, transaction, description)
        except FileExistsError as error:
            raise ConcurrentCommitError(_CONCURRENT.format(table=table.name)) from error
        self._checkpoint_when_due(table.name, base + 1)

    def _checkpoint_when_due(self, table: str, version: int) -> None:
        if version and version % _CHECKPOINT_INTERVAL == 0:
            self._table(table, version).create_checkpoint()

    def checkpoint(self, table: str) -> None:
        """Writes a checkpoint of the newest version."""
        self._table(table, self.version(table)).create_checkpoint()

    def require_writable(self, table: str, version: int | None = None) -> None:
        """Requires that rows of a table can be changed.

        Raises:
            UnwritableTableError: the table uses a Delta feature that this would break.
        """
        log.require_writable(self._table(table, self.version(table) if version is None else version))

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

    def uncommitted(self, table: str, run_ids: Iterable[str]) -> list[str]:
        """The run ids under which `commit_files` without `base` has not succeeded."""
        version = self.version(table)
        return [run_id for run_id in run_ids if not self._has_committed(table, version, run_id)]

    def _has_committed(self, table: str, version: int, run_id: str) -> bool:
        """The same, as of a version."""
        application = _application(table, run_id)
        return version >= 0 and self._table(table, version).transaction_version(application) is not None

    def remove_unfinished(self, table: str, run_id: str) -> None:
        """Deletes data files of an attempt that ended before its commit. Only who holds the lake's lock may do this.

        Files of the newest version are kept. So are, on an object store, files of the last hour: the holder of a lease
        that stood still may be about to commit them. Nothing is deleted on storage that has no lock.
        """
        uri = LakeUri.parse(self.root)
        if not (uri.is_local or uri.is_object):
            return
        begin = f"part-{run_id}-"
        before = time.time() - (0 if uri.is_local else _SETTLED)
        found = {
            path
            for path, entry in self.storage.entries_below(table)
            if path.rpartition("/")[2].startswith(begin) and entry.modified <= before
        }
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

        require_held(self.root)
        opened = self._table(table.name, base) if base >= 0 else None
        try:
            log.write(self.storage, table, opened, files, metadata, mode, transaction)
        except (DeltaError, FileExistsError) as error:
            if self.version(table.name) > base:
                raise ConcurrentCommitError(_CONCURRENT.format(table=table.name)) from error
            raise
        finally:
            self._forget(table.name, base)  # the commit may have changed the object
        self._checkpoint_when_due(table.name, base + 1)


def _application(table: str, run_id: str) -> str:
    """The `appId` of transactions without a base version: each run id commits once to a table."""
    return f"tokenlake/{run_id}/{table}"
