"""Reads a lake: versions, logs, data files and rows of its tables. Only rows need an engine."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from lake import history, row_files
from lake.commits import EXPIRED, Commit, parse
from lake.data_files import DataFile, MissingTableError, active
from lake.parquet_writer import is_ours
from pipelines.storage.environment import prepare
from pipelines.storage.repeating import repeated
from pipelines.storage.storage import Storage
from pipelines.tables import RUNS, TABLES

if TYPE_CHECKING:  # logs, versions and sizes need no Spark
    from pyspark.sql import DataFrame

S = TypeVar("S")
T = TypeVar("T")

_AT_ONCE = 16  # tables or files that are asked about at once

_LOG_ENTRY = re.compile(r"(\d{20})\.(json$|checkpoint\.)")


class Frames(Protocol):
    """What a lake needs of an engine: it makes DataFrames of Parquet files and of Arrow tables."""

    def read_parquet(self, paths: Sequence[str], schema: pa.Schema) -> "DataFrame":
        """The rows of these files."""

    def frame(self, rows: pa.Table) -> "DataFrame":
        """An Arrow table of this process as a DataFrame."""


class LakeReader:
    """Reads the tables under `root`.

    Args:
        root: a folder or URI.
        engine: makes DataFrames. Without one, `read` and `read_files` fail.
    """

    def __init__(self, root: str, engine: Frames | None = None) -> None:
        self.root = root.rstrip("/")
        self.storage = Storage(self.root)
        self._engine = engine
        self._opened: dict[tuple[str, int], Any] = {}
        self._behind: dict[str, Any] = {}  # table -> a `DeltaTable` to be brought up to date
        self._newest: dict[str, int] = {}  # table -> a version that it has had

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
        except (DeltaError, TableNotFoundError, MissingTableError):
            return False
        return True

    def tables(self) -> list[str]:
        """Names of all Delta tables of the lake."""
        folders = [entry.name for entry in self.storage.entries() if entry.is_folder]
        return [name for name, found in zip(folders, self.at_once(self.exists, folders), strict=True) if found]

    def open_all(self) -> None:
        """Opens the newest version of every table at once, where each alone would wait for answers of a store."""
        if not self.storage.is_local:
            self.at_once(lambda table: self._table(table, self.version(table)), self.tables())

    def at_once(self, ask: Callable[[S], T], about: Sequence[S]) -> list[T]:
        """The answers about several tables or files; of a store, waited for together."""
        if self.storage.is_local or len(about) < 2:
            return [ask(each) for each in about]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(ask, about))

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

    def _columns(self, table: str, version: int | None) -> pa.Schema:
        """Those of a version, and those that came later."""
        stored = self.schema(table, version)
        later = [each.schema.field(name) for each in TABLES if each.name == table for name in each.later]
        return pa.schema([*stored, *(field for field in later if field.name not in stored.names)])

    def identity(self, table: str) -> str:
        """What distinguishes a table from another that was made under its name."""
        return str(self._table(table, self.version(table)).metadata().id)

    def partition_by(self, table: str) -> tuple[str, ...]:
        """The columns by which the newest version is partitioned."""
        return tuple(self._table(table, self.version(table)).metadata().partition_columns)

    def properties(self, table: str, version: int | None = None) -> dict[str, str]:
        """The table properties of a version, by default the newest."""
        opened = self._table(table, self.version(table) if version is None else version)
        return dict(opened.metadata().configuration or {})

    def read(self, table: str, version: int | None = None, run_ids: Collection[str] | None = None) -> "DataFrame":
        """The rows of a version, by default the newest; with `run_ids` only the rows of these runs.

        Files whose statistics exclude these runs are not opened. Columns that came later (`Table.later`) are null.
        """
        version = self.version(table) if version is None else version
        files = self.files(table, version)
        if run_ids is not None:
            files = [file for file in files if file.may_hold("run_id", run_ids)]
        rows = self.read_files(table, files, self._columns(table, version))
        if run_ids is not None and not all(file.holds_only("run_id", run_ids) for file in files):
            rows = rows.where(rows["run_id"].isin(sorted(run_ids)))
        return rows

    def read_holding(self, table: str, version: int, wanted: pa.Table) -> "DataFrame":
        """The rows of a version that have, in the columns of `wanted`, the values of one of its rows (texts).

        Only files with such rows are read whole, so that a few rows of a large table are found quickly.
        """
        files = row_files.holding(self.storage, table, self.files(table, version), wanted)
        rows = self.read_files(table, files, self._columns(table, version))
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

        def read(file: DataFile) -> pa.Table:
            with self.storage.open(f"{table}/{file.path}") as stream:
                return pq.ParquetFile(stream).read(columns=list(columns))

        files = self.files(table, version)
        if run_ids is not None:
            files = [file for file in files if file.may_hold("run_id", run_ids)]
        parts = self.at_once(read, files)
        schema = self._columns(table, version)
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

    def same_rows_until(self, table: str, version: int) -> int:
        """The last version that holds the same rows as another, as the commits between them tell: those of upkeep keep
        all rows, and later upkeep may delete the files of the earlier version."""
        for commit in reversed(list(self.commits(table, version))):
            if not commit.keeps_rows:
                break
            version = commit.version
        return version

    def has_same_rows(self, table: str, before: int, after: int) -> bool:
        """Whether the rows of an earlier version are those of a later one."""
        return before == after or 0 <= before < after <= self.same_rows_until(table, before)

    def last_own_commit(self, table: str) -> Commit | None:
        """The newest commit that tokenlake made; None if there is none, or if nothing tells about a newer one."""
        known = takewhile(lambda commit: commit.operation != EXPIRED, self.commits(table))
        return next((commit for commit in known if commit.metadata), None)

    def _table(self, table: str, version: int) -> Any:
        """The `deltalake.DeltaTable` of a version, cached.

        Raises:
            MissingTableError: the table is not there, which has version -1.
        """
        from deltalake import DeltaTable

        if version < 0:
            raise MissingTableError(
                f"{self.path(table)}: there is no such table yet. The stages make it in order: run those before "
                "first, or all with `tokenlake run`"
            )
        opened = self._opened.get((table, version))
        if opened is None:
            prepare()
            opened = self._caught_up(table, version) or repeated(DeltaTable)(self.path(table), version=version)
            self._opened[table, version] = opened
        return opened

    def _forget(self, table: str, version: int) -> None:
        """Forgets what was opened as a version; a newer one is read from there on."""
        opened = self._opened.pop((table, version), None)
        if opened is not None:
            self._behind[table] = opened

    def _caught_up(self, table: str, version: int) -> Any | None:
        """A version, from one that was forgotten and the entries after it; None if that does not give it."""
        opened = self._behind.pop(table, None)
        if opened is None:
            return None
        opened.update_incremental()
        return opened if opened.version() == version else None

    def _versions(self, table: str) -> list[int]:
        """Versions that the log names, the newest among them: where a store can, only from the newest known one on."""
        known = self._newest.get(table)
        found = self._listed(table, f"{known:020d}" if known else "")
        if not found and known:  # deleted, and perhaps made again
            found = self._listed(table, "")
        if found:
            self._newest[table] = max(found)
        return found

    def _listed(self, table: str, begin: str) -> list[int]:
        names = (entry.name for entry in self.storage.entries(f"{table}/_delta_log", begin))
        return [int(found[1]) for name in names if (found := _LOG_ENTRY.match(name))]
