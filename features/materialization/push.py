"""Takes rows of a view from serving code: first into the view's table, then, at once, into the online store.

The table comes first because it is the truth: what is served online but never reached the table would be missing in
every training set. If the store fails after that, the next materialization brings the rows there.
"""

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

import pyarrow as pa

from features.definition.view import View
from features.materialization.pushed_rows import PushedRowsError, pushed_rows
from features.materialization.target import Target
from features.materialization.writer import OnlineWriter, Written
from features.store.errors import StoreError
from features.tables import table_of
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.ledger import code_version


class To(Enum):
    """Where pushed rows go; values of Feast's `PushMode`."""

    ONLINE = "online"
    OFFLINE = "offline"
    BOTH = "online_and_offline"


class Pusher:
    """Stores pushed rows. May be called from several threads; one call waits for another.

    Args:
        lake: holds the views' tables; one that does not exist yet is made.
        target: the online store.
        views: those that take rows, by name.
        check: raises an error if rows of a view must not be stored, such as `features.quality.expectations.check`.
    """

    def __init__(
        self, lake: Lake, target: Target, views: Mapping[str, View], check: Callable[[View, pa.Table], None] | None
    ) -> None:
        self._lake, self._target, self._check = lake, target, check
        self._views = {name: view for name, view in views.items() if view.pushed}
        self._writer: OnlineWriter | None = None
        self._lock = threading.Lock()

    def push(self, view: str, columns: Mapping[str, Sequence[Any]], to: To = To.BOTH) -> Written:
        """Stores rows; returns how many, and how many of them are not older than what was online.

        Args:
            view: its name.
            columns: see `pushed_rows`.
            to: the table, the online store, or both. What goes only online is in no training set.

        Raises:
            PushedRowsError: the view takes no rows, or not these.
            StoreError: the online store failed; with `BOTH` the rows are in the table.
        """
        if view not in self._views:
            raise PushedRowsError(f"view {view} takes no rows; those that do: {', '.join(sorted(self._views))}")
        definition = self._views[view]
        run_id = f"push-{uuid.uuid4().hex[:16]}"
        started = time.time()
        rows = pushed_rows(definition, columns, time.time_ns() // 1000, run_id)
        if self._check is not None:
            self._check(definition, rows)
        with self._lock:
            if to is not To.ONLINE and rows.num_rows:
                metadata = CommitMetadata(run_id, "push", "append", "", code_version(), {}, started, rows.num_rows)
                self._lake.append(rows, table_of(definition), metadata, None)
            if to is To.OFFLINE:
                return Written(rows.num_rows, 0)
            return self._online(view, rows, to)

    def close(self) -> None:
        """Closes the connection to the online store."""
        with self._lock:
            if self._writer is not None:
                self._writer.close()
            self._writer = None

    def _online(self, view: str, rows: pa.Table, to: To) -> Written:
        try:
            if self._writer is None:
                self._writer = self._target.writer()
            return self._writer.write(view, rows)
        except StoreError as error:
            if to is To.ONLINE:
                raise
            raise type(error)(
                f"{error}. The rows are in the table of view {view}: the next materialization writes them"
            ) from error
