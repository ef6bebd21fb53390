"""`tokenlake features push`: stores rows of a view, as serving code does."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from itertools import islice
from typing import Any

from jobs.commands.features.materialize import keep_plan, published
from jobs.commands.features.online_store import online_store
from jobs.commands.lake_session import existing
from jobs.progress import Reporter
from pipelines.errors import MissingPathError, MisuseError

_ROWS_OF_A_COMMIT = 50_000


class RowsFileError(MisuseError, ValueError):
    """A line of a file is no row; the message names it."""


def push(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Pushes the lines of a file in order, and prints how many rows were stored."""
    from features.catalogue.catalogue import CATALOGUE
    from features.materialization.push import Pusher, To
    from features.materialization.pushed_rows import PushedRowsError
    from features.materialization.target import Target
    from features.materialization.writer import Written
    from features.quality.expectations import check

    address = online_store(arguments)
    lake = existing(arguments.lake)
    target = Target(address, published(lake))
    keep_plan(target)
    done = Written()
    views = {view.name: view for view in CATALOGUE.views}
    with closing(Pusher(lake, target, views, check)) as pusher, _opened(arguments.file) as stream:
        lines = _numbered(stream, arguments.file)
        while numbered := list(islice(lines, _ROWS_OF_A_COMMIT)):
            rows = [_row(line, number, arguments.file) for number, line in numbered]
            try:
                done += pusher.push(arguments.view, _columns(rows), To(arguments.to))
            except PushedRowsError as error:
                if error.row is None:
                    raise
                number = numbered[error.row][0]
                raise RowsFileError(f"{arguments.file}, line {number:,}: {error.problem}") from error
    print(f"{done.rows:,} row{'' if done.rows == 1 else 's'} of {arguments.view}; {done.newer:,} online now")
    return 0


def _opened(name: str) -> Any:
    if name == "-":
        return nullcontext(sys.stdin)
    try:
        return open(name, encoding="utf-8-sig")  # with or without the mark that some programs of Windows begin with
    except FileNotFoundError as error:
        raise MissingPathError(f"{name}: no such file") from error
    except OSError as error:
        raise RowsFileError(f"{name}: {error.strerror}") from error


def _numbered(stream: Iterable[str], name: str) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, each with its number in the file."""
    number = 0
    try:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield number, line
    except UnicodeDecodeError as error:
        raise RowsFileError(f"{name}, after line {number:,}: this is no UTF-8 ({error.reason})") from error


def _row(line: str, number: int, name: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise RowsFileError(f"{name}, line {number:,}: {error}") from error
    except RecursionError as error:
        raise RowsFileError(f"{name}, line {number:,}: nested too deep") from error
    if not isinstance(row, dict):
        raise RowsFileError(f'{name}, line {number:,}: an object expected, such as {{"client_id": "acme"}}')
    return row


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
