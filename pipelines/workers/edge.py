"""What is passed to `mapInArrow` and `applyInArrow`: functions that run in a worker process where there is a pool.

On Sail a function runs in a thread of the process with the engine, which has a pool in use; in Spark's own Python
workers there is none, and the function runs where it is.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from pipelines.workers.pickled import Batches, BatchFunction, Pickled
from pipelines.workers.pool import WorkerPool

TableFunction = Callable[[pa.Table], pa.Table]

_current: WorkerPool | None = None


def use(pool: WorkerPool | None) -> None:
    """Makes a pool the one that this process's functions run in; None: they run where they are."""
    global _current
    _current = pool


@contextmanager
def using(pool: WorkerPool) -> Iterator[WorkerPool]:
    """Uses a pool for a while, then stops it and returns to the one before."""
    before = _current
    use(pool)
    try:
        yield pool
    finally:
        use(before)
        pool.stop()


def current() -> WorkerPool | None:
    """The pool in use in this process. A process forked from this one has none."""
    return _current if _current is not None and _current.owner == os.getpid() else None


def in_worker(function: BatchFunction) -> BatchFunction:
    """The same function of batches, run in a worker of the pool in use, if there is one when it runs.

    It is pickled here and now. A worker keeps it between tasks: what it remembers must not change its results.

    Raises:
        pickle.PicklingError: the function holds on to something that cannot be pickled.
    """
    pickled = Pickled.of(function)

    def run(batches: Batches) -> Batches:
        return _run(pickled, batches)

    run.__name__ = getattr(function, "__name__", run.__name__)  # engines show it in their plans
    return run


def in_worker_by_group(function: TableFunction) -> TableFunction:
    """As `in_worker`, for the function of a table that `groupBy().applyInArrow` takes."""

    def over_batches(batches: Batches) -> Batches:
        yield from _batches(function(pa.Table.from_batches(batches)))

    pickled = Pickled.of(over_batches)

    def run(table: pa.Table) -> pa.Table:
        return pa.Table.from_batches(_run(pickled, iter(_batches(table))))

    run.__name__ = getattr(function, "__name__", run.__name__)  # engines show it in their plans
    return run


def _run(pickled: Pickled, batches: Batches) -> Batches:
    pool = current()
    return pickled.load()(batches) if pool is None else pool.run(pickled, batches)


def _batches(table: pa.Table) -> list[pa.RecordBatch]:
    """One at least, for the schema's sake."""
    batches: list[pa.RecordBatch] = table.to_batches()
    return batches or [pa.RecordBatch.from_pylist([], schema=table.schema)]
