"""`tokenlake export`."""

import argparse
import json

from rich import filesize
from rich.console import Console
from rich.table import Table as Grid

from jobs.commands.lake_session import existing
from jobs.export.export import Exported, Request
from jobs.export.export import export as exported
from jobs.export.source import Source
from jobs.progress import Reporter


def export(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Writes an export and prints what it holds.

    Raises:
        MissingPathError: there is no lake, table or version.
        UnfitExportError: the format cannot take this table, or OUT exists.
        ExportError: the table could not be read whole, or OUT not be written.
    """
    source = Source.open(existing(arguments.lake), arguments.table, arguments.version)
    request = Request(arguments.format, arguments.out, arguments.split, arguments.columns, arguments.as_lists)
    splits: list[str | None] = [*request.splits] or [None]
    counts = [source.rows(split) for split in splits]
    total = None if None in counts else sum(count for count in counts if count is not None)
    with reporter.counted(f"export {source.table}", "rows", total) as advance:
        made = exported(source, request, advance)
    if arguments.json:
        print(json.dumps(made.manifest, indent=2, ensure_ascii=False))
    else:
        _print(source, request, made)
    return 0


def _print(source: Source, request: Request, made: Exported) -> None:
    grid = Grid("split", "rows", "tokens", "files", "size", box=None, header_style="bold")
    for column in grid.columns[1:]:
        column.justify = "right"
    for split, counts in made.splits.items():
        tokens = "-" if counts.tokens is None else f"{counts.tokens:,}"
        size = filesize.decimal(sum(counts.files.values()))
        grid.add_row(split or "-", f"{counts.rows:,}", tokens, f"{len(counts.files):,}", size)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{source.table} version {source.version} -> {request.out} ({request.format})", markup=False)
    console.print(grid)
