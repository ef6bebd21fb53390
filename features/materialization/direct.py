"""Writes data files from this process: for all but the largest tables faster than starting an engine."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from queue import SimpleQueue

from features.materialization.rows import Batch, batches
from features.materialization.step import Step
from features.materialization.target import Target
from features.materialization.work import Work
from features.materialization.writer import OnlineWriter, Written
from features.store.address import SqliteAddress
from lake.reading import LakeReader

_WRITERS = 2  # for a server: one encodes rows while another waits for the server
_BATCHES_IN_MEMORY = 4


def written_here(lake: LakeReader, target: Target, view: str, work: Work) -> Iterator[Step]:
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

        for part in work.parts:
            for batch in batches(lake, work.table, part, planned):
                waiting.append((batch, pool.submit(write, batch)))
                if len(waiting) >= _BATCHES_IN_MEMORY:
                    yield _next(waiting)
            waiting.append(part.file.path)
        while waiting:
            yield _next(waiting)


def _next(waiting: "deque[tuple[Batch, Future[Written]] | str]") -> Step:
    """Waits for the oldest batch."""
    first = waiting.popleft()
    if isinstance(first, str):
        return Step(file=first)
    batch, written = first
    return Step(written.result(), batch.first_us, batch.last_us, batch.later_us)
