"""`tokenlake upgrade`: brings a lake of an older contract to the contract of this program."""

import argparse

from rich import filesize

from jobs.commands.lake_session import existing
from jobs.progress import Reporter
from jobs.runs import record_runs
from lake.contract import outdated
from lake.lock import exclusive
from lake.upgrade import Upgraded, upgraded
from pipelines.tables import CONTRACT


def upgrade(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Upgrades the tables that need it, and prints what was done to each."""
    lake = existing(arguments.lake)
    with exclusive(lake.root):
        older = outdated(lake)
        for table in older:
            print(describe(upgraded(lake, table)), flush=True)
        record_runs(lake)
    done = f"all tables of {arguments.lake} follow contract {CONTRACT}"
    if not older:
        print(f"Nothing to do: {done} already.")
        return 0
    print(f"Done: {done}.")
    print("The next `tokenlake run` says of each table whether it keeps it, or why it makes it anew.")
    return 0


def describe(table: Upgraded) -> str:
    """One line about one table."""
    columns = ", ".join(f"column {old} is {new} now" for old, new in table.renamed.items())
    rewritten = f" ({columns}; {filesize.decimal(table.rewritten)} rewritten)" if columns else ""
    return f"{table.table}: contract {table.contract} -> {CONTRACT}, version {table.version}{rewritten}"
