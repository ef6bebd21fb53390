"""Brings the online store up to a view's table: reads what is new there, writes it, then says so in the store.

Rows come first and the state last, so a run that is killed at any moment leaves whole rows, and the next run writes
what is missing; rows that are written twice are the same rows. Now and then a run stores which data files it has
done, so that the next one need not begin again.
"""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

import pyarrow as pa

from features.materialization.direct import written_here, written_rows
from features.materialization.encoding.view_encoder import ViewEncoder
from features.materialization.rows import batches, newest
from features.materialization.state import State, earliest, schema_of
from features.materialization.step import Step, Steps
from features.materialization.target import Target
from features.materialization.work import Work, left_out, work_of
from features.materialization.writer import OnlineWriter
from features.plan import PlannedView
from features.quality.expectations import RefusedBatchError
from features.store.errors import StoreError, StoreLostDataError
from lake.reading import LakeReader
from pipelines.errors import TokenlakeError

Check = Callable[[pa.Table], None]
"""Raises a `RefusedBatchError` if rows of a view must not reach the store."""

Write = Callable[[LakeReader, Target, str, Work], Steps]
"""`direct.written_here` or `tasks.written_by_tasks`."""

_SECONDS_BETWEEN_STATES = 10.0


class NoTableError(TokenlakeError, LookupError):
    """The table of a view does not exist."""


@dataclass(frozen=True)
class Materialized:
    """What a run did for one view."""

    view: str
    version: int  # of the table
    why: str  # these rows were written
    step: Step  # all of the run
    seconds: float

    @property
    def is_anew(self) -> bool:
        """Whether all rows of the table were written, unasked, though the store had been filled before."""
        return self.why.startswith("all rows: ") and "none yet" not in self.why


def materialize(
    lake: LakeReader,
    target: Target,
    view: str,
    up_to_us: int | None = None,
    again: bool = False,
    check: Check | None = None,
    progress: Callable[[int, int], None] | None = None,
    write: Write = written_here,
) -> Materialized:
    """Writes the rows of a view that are new in its table, since the last run into this store.

    Args:
        lake: holds the table `features_<view>`.
        target: the store.
        view: its name.
        up_to_us: rows with later event times, in microseconds, wait for a later run; by default now.
        again: writes all rows.
        check: is given all rows before the first is written; if some are refused, none is, unless newer rows of the
            same entities correct them.
        progress: is called with the number of rows in the files done so far, and in all.
        write: from this process, or from tasks of the lake's engine.

    Raises:
        NoTableError: there is no such table.
        PlanError: there is no such view.
        RefusedBatchError: `check` raised it; nothing was written.
        StoreError: the message says how far the run came; the next run continues.
        StoreLostDataError: the store was emptied or restarted meanwhile.
    """
    started = time.perf_counter()
    table = f"features_{view}"
    encoder = ViewEncoder(target.plan, view)
    if not lake.exists(table):
        raise NoTableError(f"{lake.root} has no table {table}: `tokenlake stage features CONFIG` computes it")
    up_to_us = time.time_ns() // 1000 if up_to_us is None else up_to_us
    with closing(target.writer()) as writer:
        kept = writer.state(view)
        work = work_of(lake, table, schema_of(encoder), State.from_json(kept), up_to_us, again)
        if check is not None and not _pass(lake, work, encoder.view, check):
            write = _superseding(encoder.view, check)
        step = Step()
        if work.is_needed:
            with closing(write(lake, target, view, work)) as steps:
                step = _followed(writer, view, work, kept is not None, steps, progress)
    why = work.why if work.parts else "nothing new"
    return Materialized(view, work.version, why, step, time.perf_counter() - started)


def _pass(lake: LakeReader, work: Work, view: PlannedView, check: Check) -> bool:
    """Whether all rows pass a check."""
    try:
        for part in work.parts:
            for batch in batches(lake, work.table, part, view):
                check(batch.rows)
    except RefusedBatchError:
        return False
    return True


def _superseding(view: PlannedView, check: Check) -> Write:
    """Writes the newest row of each entity only, if these pass the check: a bad row may have been corrected since."""

    def write(lake: LakeReader, target: Target, name: str, work: Work) -> Steps:
        found = [batch for part in work.parts for batch in batches(lake, work.table, part, view)]
        rows = newest(pa.concat_tables(batch.rows for batch in found), list(view.join_keys))
        check(rows)
        yield from written_rows(target, name, work, rows, found)

    return write


def _followed(
    writer: OnlineWriter,
    view: str,
    work: Work,
    goes_on: bool,
    steps: Steps,
    progress: Callable[[int, int], None] | None,
) -> Step:
    """The sum of the steps, during and after which the state is stored.

    `goes_on` says whether the work was planned by a state of the store, which must then still be there.
    """
    rows = {part.file.path: max(part.file.rows, 0) for part in work.parts}
    done = dict(work.base.done)
    total = Step()
    for part in work.skipped:
        total += Step(later_us=left_out(part))
    read = 0
    try:
        mark = writer.begin(view)
        if goes_on and writer.state(view) is None:
            raise StoreLostDataError("the online store was emptied while the rows were checked")
        saved = time.monotonic()
        for step in steps:
            total += step
            if step.file is None:
                continue
            done[step.file] = work.up_to_us
            read += rows[step.file]
            if progress is not None:
                progress(read, sum(rows.values()))
            if time.monotonic() - saved > _SECONDS_BETWEEN_STATES:
                later_us = earliest(work.base.later_us, total.later_us)
                writer.save(view, mark, replace(work.base, done=done, later_us=later_us).to_json(), last=False)
                saved = time.monotonic()
        writer.save(view, mark, work.state_after(total.later_us).to_json(), last=True)
    except StoreError as error:
        raise type(error)(
            f"view {view}, after {total.written.rows:,} rows: {error}. Run it again: the next run continues"
        ) from error
    return total
