"""Deletes entries of a log that nobody needs: older than a checkpoint, than every version that is kept, and told by
the table `runs`.

The ledger reads commits. Those of tokenlake whose entries are gone it takes from `runs`, whose rows do not expire
(`lake.history`).
"""

from lake import history
from lake.commits import parse
from lake.maintenance.kept_versions import Kept
from lake.maintenance.log_listing import LogListing, listed
from lake.maintenance.vacuum import Deleted
from lake.reading import LakeReader


def cut(lake: LakeReader, table: str, keep: Kept, older_than: float, dry_run: bool = False) -> Deleted:
    """Deletes old entries and checkpoints of a table's log.

    Args:
        lake: holds the table.
        table: its name.
        keep: the versions that stay readable.
        older_than: seconds since the epoch. Entries that were written later stay.
        dry_run: only counts.
    """
    log, last = listed(lake, table), lake.last_own_commit(table)
    if last is None:
        return Deleted()
    base = _base(log, min(keep.oldest, last.version))
    entries = [version for version in sorted(log.entries) if version < base and log.entries[version] < older_than]
    entries = _without_gap(entries, log)
    if not entries or not _is_told(lake, table, entries):
        return Deleted()
    names = [f"{version:020d}.json" for version in entries]
    names += [name for version, files in log.checkpoints.items() if version <= entries[-1] for name in files]
    sizes = {each.name: each.size for each in lake.storage.entries(f"{table}/_delta_log")}
    if not dry_run:
        for name in names:
            lake.storage.delete(f"{table}/_delta_log/{name}")
    return Deleted(len(names), sum(sizes.get(name, 0) for name in names))


def _base(log: LogListing, oldest: int) -> int:
    """The newest checkpoint from which a version can be read; -1 if there is none."""
    return max((version for version in log.checkpoints if version <= oldest), default=-1)


def _without_gap(entries: list[int], log: LogListing) -> list[int]:
    """The entries before the first one that stays."""
    stays = min((version for version in log.entries if version not in set(entries)), default=-1)
    return [version for version in entries if version < stays]


def _is_told(lake: LakeReader, table: str, versions: list[int]) -> bool:
    """Whether `runs` has a row for each of these commits that tokenlake made."""
    if table in history.UNRECORDED:
        return True
    recorded = history.recorded(lake, table)
    for version in versions:
        text = lake.storage.read_text(f"{table}/_delta_log/{version:020d}.json")
        if text is not None and parse(table, version, text).metadata is not None and version not in recorded:
            return False
    return True
