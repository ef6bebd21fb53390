"""Puts the rows of small data files into larger ones, in one commit that changes no row and not their order.

The project's own writer writes them, so that encodings, row groups and statistics are those of the contract. A file is
named so that it is read where the files were that it is made of.
"""

import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from lake.commits import COMPACT, CommitMetadata
from lake.compacted_files import sources_tag
from lake.data_files import DataFile
from lake.lake import ConcurrentCommitError, Lake
from lake.ledger import code_version, run_id
from lake.lock import LakeBusyError, exclusive
from lake.maintenance.compaction_plan import Rules, groups
from lake.parquet_writer import TableWriter
from lake.row_files import completed, row_groups
from pipelines.errors import TokenlakeError
from pipelines.tables import Table

STAGE = "maintain"

BATCH_BYTES = 4 << 30
"""Files of at least this size are committed together: what a killed upkeep has to do again."""

_NAME = re.compile(r"(?P<folder>(?:.*/)?)part-(?P<run_id>.+)-(?P<number>[0-9a-f]{12})\.parquet")
_NUMBERS = 16**12


class ChangedRowsError(TokenlakeError, RuntimeError):
    """A new file does not hold the rows of those it was made of; nothing is committed."""


@dataclass(frozen=True)
class Compacted:
    """What was put together, or would be."""

    files: int = 0  # before
    into: int = 0  # after
    read: int = 0  # bytes
    written: int = 0  # bytes; those read in a dry run
    left: str = ""  # why the rest was left to the next upkeep

    def __add__(self, other: "Compacted") -> "Compacted":
        return Compacted(
            self.files + other.files,
            self.into + other.into,
            self.read + other.read,
            self.written + other.written,
            self.left or other.left,
        )


def compact(
    lake: Lake,
    table: Table,
    rules: Rules,
    dry_run: bool = False,
    told: Callable[[int, int], None] = lambda done, whole: None,
    lock: Callable[[str], AbstractContextManager[None]] = exclusive,
) -> Compacted:
    """Compacts the newest version of a table.

    The lake's lock is held only while a commit is made, so a run finds the lake free. If a run is at work, or has
    changed the files meanwhile, what was written is deleted, and the next upkeep compacts.

    Args:
        lake: holds the table.
        table: name, partitioning and compression.
        rules: which files to put together.
        dry_run: only counts.
        told: is called with (bytes done, bytes in all) after each new file.
        lock: of the lake.

    Raises:
        UnreadableTableError, UnwritableTableError: the table uses a Delta feature that this would break.
    """
    files = lake.files(table.name)
    chosen = groups(files, rules)
    if not chosen:
        return Compacted()
    lake.require_writable(table.name)
    if dry_run:
        return sum((_counted(group) for group in chosen), Compacted())
    last = lake.last_own_commit(table.name)
    if last is None or last.metadata is None:
        return Compacted(left="nothing tells any more what the table was made from; the next run makes it anew")
    if _is_busy(lake, lock):
        return Compacted(left="a run is at work")
    whole, done, total = sum(file.size for group in chosen for file in group), 0, Compacted()
    for batch in _batches(chosen):
        made: list[tuple[list[DataFile], DataFile]] = []
        try:
            for group in batch:
                if written := _together(lake, table, group):
                    made.append((group, written))
                done += sum(file.size for file in group)
                told(done, whole)
            left = _commit(lake, table, made, lock)
        except BaseException:
            _discard(lake, table, made)
            raise
        if left:
            _discard(lake, table, made)
            return replace(total, left=left)
        total += sum((replace(_counted(group), written=file.size) for group, file in made), Compacted())
    return total


def _counted(group: Sequence[DataFile]) -> Compacted:
    size = sum(file.size for file in group)
    return Compacted(len(group), 1, size, size)


def _batches(chosen: Sequence[list[DataFile]]) -> Iterator[list[list[DataFile]]]:
    batch: list[list[DataFile]] = []
    for group in chosen:
        batch.append(group)
        if sum(file.size for each in batch for file in each) >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _together(lake: Lake, table: Table, group: Sequence[DataFile]) -> DataFile | None:
    """A new file with the rows of a group; None if there is no name for it between those of the first two."""
    named = _between(group[0].path, group[1].path)
    if named is None:
        return None
    run, number = named
    schema = lake.schema(table.name)  # with the columns that other programs have added
    writer = TableWriter(lake.root, replace(table, schema=schema), run, iter([number]).__next__)
    try:
        for file in group:
            for rows in row_groups(lake.storage, table, file):
                writer.write(completed(rows, schema))
        (made,) = writer.close()
        wanted = sum(file.rows for file in group)
        if made.rows != wanted:
            raise ChangedRowsError(f"{lake.path(table.name)}/{made.path}: {made.rows:,} rows, not {wanted:,}")
    except BaseException:
        writer.abort()
        raise
    return replace(made, tags=sources_tag(group))


def _between(first: str, second: str) -> tuple[str, str] | None:
    """(run id, number) of a file name that sorts between two; None if there is none."""
    found, after = _NAME.fullmatch(first), _NAME.fullmatch(second)
    if found is None or after is None:
        return None
    lowest = int(found["number"], 16) + 1
    is_same_run = (found["folder"], found["run_id"]) == (after["folder"], after["run_id"])
    highest = int(after["number"], 16) if is_same_run else _NUMBERS
    if lowest >= highest:
        return None
    number = f"{random.randrange(lowest, highest):012x}"  # another one if an attempt that was killed is tried again
    path = f"{found['folder']}part-{found['run_id']}-{number}.parquet"
    return (found["run_id"], number) if first < path < second else None


def _is_busy(lake: Lake, lock: Callable[[str], AbstractContextManager[None]]) -> bool:
    try:
        with lock(lake.root):
            return False
    except LakeBusyError:
        return True


def _commit(
    lake: Lake,
    table: Table,
    made: Sequence[tuple[Sequence[DataFile], DataFile]],
    lock: Callable[[str], AbstractContextManager[None]],
) -> str:
    """Commits on the newest version; returns why not, if it did not."""
    if not made:
        return ""
    removed, added = [file for group, _ in made for file in group], [file for _, file in made]
    try:
        with lock(lake.root):
            base = lake.version(table.name)
            if not {file.path for file in removed} <= {file.path for file in lake.files(table.name, base)}:
                return "a run has changed the table meanwhile"
            if not all(lake.storage.exists(f"{table.name}/{file.path}") for file in added):
                return "another upkeep has deleted the new files, which were in no commit yet"
            lake.change(table, removed, added, _metadata(lake, table.name, base, len(removed), len(added)), base)
    except LakeBusyError:
        return "a run is at work"
    except ConcurrentCommitError:
        return "a run has changed the table meanwhile"
    return ""


def _metadata(lake: Lake, table: str, base: int, files: int, into: int) -> CommitMetadata:
    """The metadata of the last commit, for the rows stay what they were."""
    last = lake.last_own_commit(table)
    if last is None or last.metadata is None:
        raise ConcurrentCommitError(f"{table}: nothing tells any more what the table was made from")
    return replace(
        last.metadata,
        run_id=run_id(STAGE, COMPACT, table, lake.identity(table), base),
        stage=STAGE,
        mode=COMPACT,
        code_version=code_version(),
        started_at=time.time(),
        rows_in=0,
        rows_out=0,
        rows_removed=0,
        detail={**last.metadata.detail, "compacted": f"{files} files into {into}"},
    )


def _discard(lake: Lake, table: Table, made: Sequence[tuple[Sequence[DataFile], DataFile]]) -> None:
    for _, file in made:
        lake.storage.delete(f"{table.name}/{file.path}")
