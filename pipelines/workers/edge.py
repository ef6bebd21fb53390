"""Wraps functions for `mapInArrow` and `applyInArrow`, so that they run in a worker process where there is a pool.

On Sail a function runs in a thread of the process with the engine, which uses a pool; Spark's own Python workers
have none, and call the function directly.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from pipelines import logs
from pipelines.workers.pickled import Batches, BatchFunction, Pickled
from pipelines.workers.pool import WorkerPool

TableFunction = Callable[[pa.Table], pa.Table]

_current: WorkerPool | None = None


def use(pool: WorkerPool | None) -> None:
    """Sets the pool in which this process's functions run; None: they are called directly."""
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

    The function is pickled during this call. A worker keeps it between tasks, so its state must not change its
    results.

    Raises:
        pickle.PicklingError: the function refers to something that cannot be pickled.
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
    if pool is not None:
        return pool.run(pickled, batches)
    logs.configure()
    return pickled.load()(batches)


def _batches(table: pa.Table) -> list[pa.RecordBatch]:
    """The table's batches; an empty batch where there are none, since it carries the schema."""
    batches: list[pa.RecordBatch] = table.to_batches()
    return batches or [pa.RecordBatch.from_pylist([], schema=table.schema)]
