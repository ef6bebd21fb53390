"""`tokenlake features baseline`: pins what the values of features are like now, to measure drift against."""

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.commands.lake_session import existing
from jobs.progress import Reporter
from pipelines.errors import MisuseError

if TYPE_CHECKING:
    from features.definition.view import View


class UnknownViewError(MisuseError, LookupError):
    """There is no such view of features."""


def baseline(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Pins the views that are named, by default all that have rows."""
    from features.quality.baseline import pin
    from features.quality.current_rows import current_rows

    lake = existing(arguments.lake)
    now = time.time_ns() // 1000
    for view in views(arguments.view):
        current = current_rows(lake, view)
        if current is None or not current.entities:
            print(f"{view.name}: no rows, so no baseline")
            continue
        made = pin(lake, view, current, now)
        print(f"{view.name}: {made.rows:,} entities of version {made.version}, {len(made.features)} features")
    return 0


def views(names: Sequence[str]) -> "Sequence[View]":
    """The views with these names, by default all.

    Raises:
        UnknownViewError: there is none of a name.
    """
    from features.catalogue.catalogue import CATALOGUE

    known = {view.name: view for view in CATALOGUE.views}
    for name in names:
        if name not in known:
            raise UnknownViewError(f"no view {name!r}; there are {', '.join(known)}")
    return [known[name] for name in names or known]
