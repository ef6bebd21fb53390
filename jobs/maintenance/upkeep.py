"""Upkeep of a lake: compaction, checkpoints, shorter logs, and deletion of files that nobody reads.

Safe beside a run. Compaction holds the lake's lock only to commit. Beside a run, only files are deleted that commits
have named and that no version of the last days has; with less than a day, the lock is held.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial

from rich import filesize

from jobs.maintenance.outcome import Outcome, Upkept
from jobs.progress import Reporter
from jobs.runs import record_runs
from jobs.stages import staged_pairs
from jobs.stages.staged_files import staged
from lake.contract import own_tables
from lake.data_files import UnreadableTableError
from lake.lake import Lake
from lake.lock import LakeBusyError, exclusive, is_free
from lake.log import UnwritableTableError
from lake.maintenance.checkpoints import checkpoint
from lake.maintenance.compaction import compact
from lake.maintenance.compaction_plan import Rules
from lake.maintenance.kept_versions import LostPinError, kept, used
from lake.maintenance.log_retention import cut
from lake.maintenance.staging import delete_abandoned
from lake.maintenance.vacuum import Deleted, delete_unreferenced, on_disk, only_for, whole_since
from pipelines.tables import RUNS, Table

DAY = 86_400.0
_TOLD_EVERY = 10.0  # seconds


@dataclass(frozen=True)
class Settings:
    """What upkeep does."""

    compact: bool = True
    rules: Rules = field(default_factory=Rules)
    keep_days: float = 7.0
    keep_log_days: float | None = None  # None: all entries stay
    dry_run: bool = False


def maintain(lake: Lake, settings: Settings, reporter: Reporter) -> Outcome:
    """Does the upkeep of all tables that tokenlake made. A table that cannot be kept up is left as it is, and told.

    Raises:
        LakeBusyError: a run is at work, and less than a day of versions is to be kept.
    """
    started = time.perf_counter()
    others = [table for table in own_tables(lake)[0] if table.name != RUNS.name]
    upkept = {each.name: _refusing(each.name, partial(_compacted, lake, each, settings, reporter)) for each in others}
    if not settings.dry_run:
        _record(lake)
    tables, foreign = own_tables(lake)
    if lake.exists(RUNS.name):
        upkept[RUNS.name] = _refusing(RUNS.name, partial(_compacted, lake, RUNS, settings, reporter))
    with ExitStack() as stack:
        if settings.keep_days < 1 and not settings.dry_run:
            stack.enter_context(exclusive(lake.root))
        now = time.time()
        using, manifests = used(lake), {**staged(lake), **staged_pairs.staged(lake)}
        only_committed = settings.keep_days >= 1 and not is_free(lake.root)
        for name, before in upkept.items():
            if not before.refused:
                reporter.event("cleaning_table", table=name)
                stays = _Stays(using.get(name, {}), manifests.get(name, set()), only_committed)
                clean = partial(_cleaned, lake, before, settings, now, stays)
                upkept[name] = _refusing(name, clean)
        staging = delete_abandoned(lake, now - settings.keep_days * DAY, settings.dry_run)
    ordered = [upkept[table.name] for table in tables if table.name in upkept]
    return Outcome(lake.root, settings.dry_run, ordered, staging, foreign, time.perf_counter() - started)


def _record(lake: Lake) -> None:
    """Adds the commits of upkeep to `runs`. A run that is at work does so at its end."""
    with suppress(LakeBusyError), exclusive(lake.root):
        record_runs(lake)


def _refusing(table: str, work: Callable[[], Upkept]) -> Upkept:
    """What was done to a table; what stands against it where nothing could be done."""
    started = time.perf_counter()
    try:
        done = work()
    except (UnreadableTableError, UnwritableTableError, LostPinError) as error:
        done = Upkept(table, refused=str(error))
    return replace(done, seconds=done.seconds + time.perf_counter() - started)


def _compacted(lake: Lake, table: Table, settings: Settings, reporter: Reporter) -> Upkept:
    files, _ = lake.size(table.name)
    before = Upkept(table.name, files=files, bytes=on_disk(lake, table.name))
    if not settings.compact:
        return before
    told = _Progress(reporter, table.name)
    return replace(before, compacted=compact(lake, table, settings.rules, settings.dry_run, told))


@dataclass(frozen=True)
class _Stays:
    """What stays of a table besides the versions of the last days."""

    needed: Mapping[int, Sequence[str]]  # versions that other tables were made from
    staged: Collection[str]  # files that an interrupted ingest has written
    uncommitted: bool  # files in no commit: of a run that is at work


def _cleaned(lake: Lake, before: Upkept, settings: Settings, now: float, stays: _Stays) -> Upkept:
    """Checkpoint, shorter log, and files deleted: in this order, so that a version always has all that it needs."""
    name, dry_run = before.table, settings.dry_run
    made = checkpoint(lake, name, dry_run)
    cutoff = now - settings.keep_days * DAY
    keep = kept(lake, name, cutoff, stays.needed)
    log = Deleted()
    if settings.keep_log_days is not None:
        log = cut(lake, name, keep, now - settings.keep_log_days * DAY, dry_run)
    vacuumed = delete_unreferenced(
        lake, name, keep.versions, cutoff, keep.since, stays.staged, dry_run, stays.uncommitted
    )
    return replace(
        before,
        checkpoint=made,
        log=log,
        vacuumed=vacuumed,
        since=whole_since(lake, name, keep.since),
        newest=lake.version(name),
        pinned=keep.pinned,
        needed=keep.needed,
        kept_bytes=only_for(lake, name, keep.versions, keep.since),
    )


class _Progress:
    """Tells how far compaction of a table is, every few seconds."""

    def __init__(self, reporter: Reporter, table: str) -> None:
        self._reporter, self._table, self._told = reporter, table, time.monotonic()

    def __call__(self, done: int, whole: int) -> None:
        """`done` of `whole` bytes are written."""
        if time.monotonic() - self._told > _TOLD_EVERY:
            self._told = time.monotonic()
            message = f"  {self._table}: {filesize.decimal(done)} of {filesize.decimal(whole)} put together"
            self._reporter.event("compacting", message, table=self._table, done=done, whole=whole)
