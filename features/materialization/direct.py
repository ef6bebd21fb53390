"""Writes data files from this process: for all but the largest tables faster than starting an engine."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from queue import SimpleQueue

import pyarrow as pa

from features.materialization.rows import BATCH_ROWS, Batch, batches
from features.materialization.step import Step, Steps
from features.materialization.target import Target
from features.materialization.work import Work
from features.materialization.writer import OnlineWriter, Written
from features.store.address import SqliteAddress
from lake.reading import LakeReader

_WRITERS = 2  # for a server: one encodes rows while another waits for the server
_BATCHES_IN_MEMORY = 4


def written_here(lake: LakeReader, target: Target, view: str, work: Work) -> Steps:
    """Reads and writes file by file; a step for each batch of rows, in order, and one at the end of each file.

    Raises:
        StoreError: see `OnlineWriter.write`.
        UnreadableRowsError: a data file has other columns than the view.
    """
    planned = target.plan.view(view)
    waiting: deque[tuple[Batch, Future[Written]] | str] = deque()
    with ExitStack() as opened:
        free: SimpleQueue[OnlineWriter] = SimpleQueue()
        count = 1 if isinstance(target.address, SqliteAddress) else _WRITERS  # SQLite has one writer at a time
        for _ in range(count):
            free.put(opened.enter_context(closing(target.writer())))
        pool = opened.enter_context(ThreadPoolExecutor(count))

        def write(batch: Batch) -> Written:
            writer = free.get()
            try:
                return writer.write(view, batch.rows)
            finally:
                free.put(writer)

        try:
            for part in work.parts:
                for batch in batches(lake, work.table, part, planned):
                    waiting.append((batch, pool.submit(write, batch)))
                    if len(waiting) >= _BATCHES_IN_MEMORY:
                        yield _next(waiting)
                waiting.append(part.file.path)
            while waiting:
                yield _next(waiting)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # of a store that does not answer, each batch would wait its time
            raise


def _next(waiting: "deque[tuple[Batch, Future[Written]] | str]") -> Step:
    """Waits for the oldest batch."""
    first = waiting.popleft()
    if isinstance(first, str):
        return Step(file=first)
    batch, written = first
    return Step(written.result(), batch.first_us, batch.last_us, batch.later_us)


def written_rows(target: Target, view: str, work: Work, rows: pa.Table, found: Sequence[Batch]) -> Steps:
    """Writes these rows, which are all that must be written of the batches that were found.

    Raises:
        StoreError: see `OnlineWriter.write`.
    """
    with closing(target.writer()) as writer:
        for begin in range(0, len(rows), BATCH_ROWS):
            yield Step(writer.write(view, rows.slice(begin, BATCH_ROWS)))
    for batch in found:
        yield Step(Written(), batch.first_us, batch.last_us, batch.later_us)
    for part in work.parts:
        yield Step(file=part.file.path)
