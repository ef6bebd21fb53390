"""`tokenlake upgrade`: brings a lake of an older contract to the contract of this program."""

import argparse

from rich import filesize

from jobs.cli import UsageError
from jobs.commands.lake_session import existing
from jobs.progress import Reporter
from jobs.runs import record_runs
from jobs.stages.staged_files import is_interrupted
from lake.contract import outdated
from lake.lock import exclusive
from lake.upgrade import Upgraded, upgraded
from pipelines.tables import CONTRACT

_NEXT = """\
The next `tokenlake run` says what it makes anew, and why; with --keep-old it keeps all rows as they are.
Runs follow their sources now: for a source whose files are deleted once they are ingested, set `on_delete: keep`."""


def upgrade(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Upgrades the tables that need it, and prints what was done to each.

    Raises:
        UsageError: an ingest of the version before is not finished: this version cannot finish it.
    """
    lake = existing(arguments.lake)
    with exclusive(lake.root):
        older = outdated(lake)
        if older and is_interrupted(lake):
            raise UsageError(
                f"{arguments.lake}: an ingest was interrupted; finish it with the tokenlake that began it "
                "(`tokenlake stage ingest CONFIG`), then upgrade"
            )
        for table in older:
            print(describe(upgraded(lake, table)), flush=True)
        record_runs(lake)
    done = f"all tables of {arguments.lake} follow contract {CONTRACT}"
    if not older:
        print(f"Nothing to do: {done} already.")
        return 0
    print(f"Done: {done}.")
    print(_NEXT)
    return 0


def describe(table: Upgraded) -> str:
    """One line about one table."""
    changes = f" ({table.changes}; {filesize.decimal(table.rewritten)} written)" if table.changes else ""
    return f"{table.table}: contract {table.contract} -> {CONTRACT}, version {table.version}{changes}"
