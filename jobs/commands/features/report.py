"""`tokenlake features report`: a page about all features of a lake."""

import argparse
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobs.commands.features.online_store import online_store
from jobs.commands.lake_session import existing
from jobs.progress import Reporter
from pipelines.errors import TokenlakeError

if TYPE_CHECKING:
    from features.store.address import Address
    from jobs.feature_report.data import MaterializedFigures


def report(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Writes LAKE/features/report/index.html and prints its path. A store that is away is left out."""
    from features.catalogue.catalogue import CATALOGUE
    from features.store.address import SqliteAddress
    from jobs.feature_report.collect import collect
    from jobs.feature_report.page import publish

    lake = existing(arguments.lake)
    address = online_store(arguments)
    states, online = None, None
    if not isinstance(address, SqliteAddress) or os.path.exists(address.path):
        try:
            states, online = _states(address), str(address)
        except TokenlakeError as error:
            reporter.event(
                "no-store", f"note: the page tells nothing about the online store: {error}", error=str(error)
            )
    print(publish(lake, collect(lake, CATALOGUE, time.time_ns() // 1000, states, online)))
    return 0


def _states(address: "Address") -> "dict[str, MaterializedFigures]":
    """By view, up to where the store has been filled; views that it has nothing of are left out."""
    from jobs.feature_report.data import MaterializedFigures
    from jobs.feature_report.materialized import states

    return {
        view: MaterializedFigures(version=state.version, up_to=datetime.fromtimestamp(state.up_to_us / 1e6, UTC))
        for view, state in states(address).items()
    }
