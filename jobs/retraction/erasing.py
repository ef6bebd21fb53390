"""`tokenlake maintain --erase`: what `tokenlake retract` took out of the tables leaves the disk too."""

from typing import Any

from rich import filesize

from jobs.cli import UsageError
from jobs.retraction.outcome import retracted_ids
from jobs.stages.staged_files import is_interrupted, staged
from lake.contract import own_tables
from lake.erasure import Erased, erase
from lake.lake import Lake
from lake.lock import exclusive


def erased(lake: Lake, drop_pins: bool, dry_run: bool) -> Erased:
    """Deletes all that only earlier versions need; see `lake.erasure.erase`.

    Raises:
        LakeBusyError: a run is at work.
        UsageError: an ingest or retraction was interrupted, and is to be finished first.
    """
    with exclusive(lake.root):
        if is_interrupted(lake):
            raise UsageError(
                f"{lake.root}: an ingest or a retraction was interrupted. Run `tokenlake run CONFIG`, or the same "
                "`tokenlake retract` again, then this command"
            )
        own, _ = own_tables(lake)
        names = [table.name for table in own]
        return erase(lake, names, retracted_ids(lake), staged(lake), drop_pins, dry_run)


def as_json(lake: Lake, found: Erased, dry_run: bool) -> dict[str, Any]:
    """As the command prints it with --json."""
    return {
        "lake": lake.root,
        "done": not dry_run,
        "tables": [
            {
                "table": table,
                "files_deleted": deleted.files,
                "bytes_deleted": deleted.bytes,
                "oldest_readable_version": found.oldest[table],
                "pinned_versions_kept": list(found.kept.get(table, ())),
            }
            for table, deleted in found.tables.items()
        ],
        "pins_dropped": list(found.pins_dropped),
        "also_deleted": list(found.others),
    }


def lines(found: Erased, dry_run: bool) -> list[str]:
    """As the command prints it."""
    said = "would delete" if dry_run else "deleted"
    made = []
    for table, deleted in found.tables.items():
        kept = found.kept.get(table, ())
        besides = f", and pinned {', '.join(map(str, kept))}" if kept else ""
        size = filesize.decimal(deleted.bytes)
        made.append(
            f"  {table:<24} {said} {deleted.files:,} files, {size}; readable: version {found.oldest[table]}{besides}"
        )
    made += [f"  {said} {name}" for name in found.others]
    made += [f"  pin {'would be ' if dry_run else ''}taken away: {pin}" for pin in found.pins_dropped]
    if not dry_run:
        made.append(
            "no data file of this lake holds a retracted document; copies elsewhere (backups, versions of a bucket's "
            "objects, exports, trained models) are not the lake's: docs/operations/erasure.md"
        )
    return made
