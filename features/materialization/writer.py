"""Writes rows of views into an online store; of two rows of an entity the newer one stays, whoever writes last.

A row is newer if its event time is later or, where these are equal, its time of creation is, as in training sets. So
a correction replaces what it corrects, and a late row does not replace a later one. The comparison and the write of a
row are one step of the store: any number of writers at once end with the same values as one after another. A row that
is written again is the same row, and is stored again: this repairs what is missing beside it.

Feast's SDK writes no time of creation: its rows count as the oldest of their event time.
"""

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from features.materialization.encoding.view_encoder import ViewEncoder
from features.plan import Plan
from features.store.address import Address, SqliteAddress


@dataclass(frozen=True)
class Written:
    """What became of some rows."""

    rows: int = 0  # given
    newer: int = 0  # stored; the others were older than what is stored

    def __add__(self, other: "Written") -> "Written":
        return Written(self.rows + other.rows, self.newer + other.newer)


class OnlineWriter(Protocol):
    """A connection to an online store, to write the rows of a project's views. Not for several threads at once."""

    def write(self, view: str, rows: pa.Table) -> Written:
        """Stores the rows that are not older than those stored.

        Args:
            view: its name.
            rows: join keys, features, `event_timestamp`, `created`; further columns are ignored. A feature that is
                missing is null.

        Raises:
            PlanError: there is no such view.
            UnencodableError: a row has no key or time, or a column has another type; nothing was written.
            StoreFullError: some rows may have been written, each whole.
            StoreError: the store refused, was not reached, or did not answer; likewise.
        """

    def begin(self, view: str) -> str:
        """Marks the begin of a materialization in the store; the mark is for `save`."""

    def save(self, view: str, mark: str, state: bytes, last: bool) -> None:
        """Stores up to where a view is materialized, unless the store has lost data since `begin`.

        Args:
            view: its name.
            mark: of `begin`. It holds a day, and again a day from each call.
            state: for the next materialization.
            last: whether this one has ended.

        Raises:
            StoreLostDataError: it has; what is missing is written by the next run.
        """

    def state(self, view: str) -> bytes | None:
        """What `save` stored last; None if nothing was, or the store is empty."""

    def close(self) -> None:
        """Closes the connection."""


def state_key(project: str, view: str) -> str:
    """The name in the store of the state of a view."""
    return f"tokenlake:materialized:{project}:{view}"


def writer_of(address: Address, plan: Plan, timeout: float = 30.0) -> OnlineWriter:
    """A writer for the store at an address.

    Args:
        address: of the store.
        plan: the definitions.
        timeout: seconds that the store may take to answer each of many requests.

    Raises:
        StoreError: the embedded store cannot be opened. A server is connected at the first write.
    """
    encoders = Encoders(plan)
    if isinstance(address, SqliteAddress):
        from features.materialization.sqlite_writer import SqliteWriter

        return SqliteWriter(address, encoders, timeout)
    from features.materialization.valkey_writer import ValkeyWriter

    return ValkeyWriter(address, encoders, timeout)


class Encoders:
    """The encoder of each view, made once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._made: dict[str, ViewEncoder] = {}

    def of(self, view: str) -> ViewEncoder:
        """The encoder of a view.

        Raises:
            PlanError: there is no such view.
        """
        if view not in self._made:
            self._made[view] = ViewEncoder(self.plan, view)
        return self._made[view]
