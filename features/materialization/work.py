"""What a materialization has to write: data files that are new to the store, and rows whose time has come."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from features.definition.view import EVENT_TIMESTAMP
from features.materialization.state import State, earliest
from lake.compacted_files import files_beside
from lake.data_files import DataFile, bound
from lake.reading import LakeReader

_CUT_OFF = 1000  # microseconds: other writers cut times in statistics down to milliseconds (delta.io, PROTOCOL.md)


@dataclass(frozen=True)
class Part:
    """The rows of a data file with event times `after_us < event <= up_to_us`; `after_us` None: from the first on."""

    file: DataFile
    after_us: int | None
    up_to_us: int

    def may_have_rows(self) -> bool:
        """Whether statistics leave it open that there are such rows."""
        low, high = (_microseconds(each.get(EVENT_TIMESTAMP)) for each in (self.file.low, self.file.high))
        if low is not None and low > self.up_to_us:
            return False
        return self.after_us is None or high is None or high + _CUT_OFF > self.after_us


@dataclass(frozen=True)
class Work:
    """The work of one materialization."""

    table: str  # name
    base: State  # before it
    version: int  # of the table to read
    up_to_us: int
    parts: Sequence[Part]  # to read, those with the latest event times first
    skipped: Sequence[Part]  # in which statistics exclude such rows
    is_complete: bool  # whether the files of the base are read again too, for rows left out before
    why: str  # for the user: why these

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to write, rows or state."""
        return bool(self.parts or self.skipped or self.base.done) or self.base.version != self.version

    def state_after(self, later_us: int | None) -> State:
        """The state once all is written.

        Args:
            later_us: the earliest event time left out by this work.
        """
        if not self.is_complete:
            later_us = earliest(self.base.later_us, later_us)
        return replace(self.base, version=self.version, up_to_us=self.up_to_us, done={}, later_us=later_us)


def work_of(lake: LakeReader, table: str, schema: str, state: State | None, up_to_us: int, again: bool) -> Work:
    """What must be written so that the store has all rows of the newest version up to a time.

    Args:
        lake: holds the table.
        table: its name; it exists.
        schema: see `State`.
        state: of the store; None if it has none.
        up_to_us: event times after it are left for another time.
        again: writes all rows, whatever the state says.
    """
    version, identity = lake.version(table), lake.identity(table)
    why = _why_anew(lake, table, identity, schema, state, version, again)
    if why or state is None:
        state = State(identity, schema, -1, up_to_us)
    known = {file.path for file in lake.files(table, state.version)} if state.version >= 0 else set()
    is_due = state.later_us is not None and state.later_us <= up_to_us
    parts = []
    for file in files_beside(lake, table, version, state.version).values():
        after = state.done.get(file.path, state.up_to_us if file.path in known else None)
        if after is None or (is_due and after < up_to_us):
            parts.append(Part(file, after, up_to_us))
    parts.sort(key=lambda part: (part.file.high.get(EVENT_TIMESTAMP, ""), part.file.path), reverse=True)
    to_read = [part for part in parts if part.may_have_rows()]
    skipped = [part for part in parts if not part.may_have_rows()]
    return Work(table, state, version, up_to_us, to_read, skipped, is_due, why or f"new since version {state.version}")


def _why_anew(
    lake: LakeReader, table: str, identity: str, schema: str, state: State | None, version: int, again: bool
) -> str:
    if again:
        return "all rows, as asked for"
    if state is None:
        return "all rows: the store has none yet"
    if state.table != identity or state.version > version:
        return "all rows: the table was made anew"
    if state.schema != schema:
        return "all rows: the features changed"
    if state.version >= 0 and not lake.has_version(table, state.version):
        return f"all rows: the table's log no longer has version {state.version}"
    return ""


def left_out(part: Part) -> int | None:
    """The earliest event time of a file that `Work.skipped` names, if it is after the time to write up to."""
    low = _microseconds(part.file.low.get(EVENT_TIMESTAMP))
    return low if low is not None and low > part.up_to_us else None


def _microseconds(text: str | None) -> int | None:
    """A time in statistics as microseconds since the epoch."""
    if text is None:
        return None
    moment = datetime.fromisoformat(bound(text))
    return round(moment.timestamp() * 1e6)
