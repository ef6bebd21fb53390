"""`tokenlake tables`."""

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich import filesize
from rich.console import Console
from rich.table import Table as Grid

from jobs.commands.lake_session import existing
from jobs.progress import Reporter
from lake.lake import Lake
from lake.maintenance.pins import pinned


def tables(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints for each table its version, rows and bytes, and the run and config of its last commit."""
    lake = existing(arguments.lake)
    lake.open_all()
    pins = pinned(lake)
    found = [describe(lake, name, pins.get(name, {})) for name in lake.tables()]
    if arguments.json:
        print(json.dumps(found, indent=2))
        return 0
    show(found)
    return 0


def show(found: Sequence[Mapping[str, Any]]) -> None:
    """Prints the tables in 80 columns, with shortened ids; --json has all of each id."""
    grid = Grid("table", "version", "rows", "size", "last run", "config", box=None, header_style="bold")
    for column in grid.columns:
        column.no_wrap = True
    for column in grid.columns[1:4]:
        column.justify = "right"
    for one in found:
        numbers = f"{one['version']:,}", f"{one['rows']:,}", filesize.decimal(one["bytes"])
        grid.add_row(one["table"], *numbers, _short(one["run_id"]), _short(one["config_hash"]))
    console = Console(soft_wrap=True, highlight=False)
    console.print(grid)
    for one in found:
        if "," in (one["semantics"] or ""):
            versions = one["semantics"].replace(",", " and ")
            console.print(f"{one['table']} holds rows of versions {versions} of its step (--keep-old)")

    for one in found:
        for version, names in one["pins"].items():
            console.print(f"{one['table']} version {version} is pinned for {', '.join(names)}")


def _short(identifier: str | None) -> str:
    """`clean-0f3c5a7d` for `clean-0f3c5a7d…`: eight digits distinguish the runs of a lake."""
    stage, dash, digits = (identifier or "-").rpartition("-")
    return f"{stage}{dash}{digits[:8]}"


def describe(lake: Lake, name: str, pins: Mapping[int, Sequence[str]]) -> dict[str, Any]:
    """Version, size and last commit of one table, from its log, with its pins."""
    files, size = lake.size(name)
    last = lake.last_own_commit(name)
    metadata = last.metadata if last else None
    return {
        "table": name,
        "version": lake.version(name),
        "rows": lake.rows(name),
        "files": files,
        "bytes": size,
        "run_id": metadata.run_id if metadata else None,
        "config_hash": metadata.config_hash if metadata else None,
        "semantics": metadata.detail.get("semantics") if metadata else None,
        "committed_at": last.timestamp.isoformat() if last else None,
        "pins": {str(version): list(names) for version, names in sorted(pins.items())},
    }
