"""`tokenlake tables`."""

import argparse
import json
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from jobs.commands.lake_session import opened
from jobs.lake import Lake
from jobs.progress import Reporter


def tables(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Each table: version, rows, bytes, last commit's run and config."""
    with opened(arguments.lake) as lake:
        found = [describe(lake, name) for name in lake.tables()]
    if arguments.json:
        print(json.dumps(found, indent=2))
        return 0
    grid = Grid("table", "version", "rows", "files", "bytes", "last run", "config", box=None, header_style="bold")
    for column in grid.columns[1:5]:
        column.justify = "right"
    for one in found:
        numbers = (f"{one[key]:,}" for key in ("version", "rows", "files", "bytes"))
        grid.add_row(one["table"], *numbers, one["run_id"] or "-", one["config_hash"] or "-")
    Console(soft_wrap=True).print(grid)
    return 0


def describe(lake: Lake, name: str) -> dict[str, Any]:
    """One table's facts, as they stand in its log."""
    files, size = lake.size(name)
    last = lake.last_noted(name)
    note = last.note if last else None
    return {
        "table": name,
        "version": lake.version(name),
        "rows": lake.read(name).count(),
        "files": files,
        "bytes": size,
        "run_id": note.run_id if note else None,
        "config_hash": note.config_hash if note else None,
        "committed_at": last.timestamp.isoformat() if last else None,
    }
