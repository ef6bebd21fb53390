"""A pool of worker processes, each of which runs one task at a time."""

import atexit
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Self

import pyarrow as pa

from pipelines.workers.errors import WorkerError
from pipelines.workers.failure import unpacked
from pipelines.workers.messages import HangupError, Kind, decoded, encoded, receive, send
from pipelines.workers.pickled import BatchFunction, Pickled
from pipelines.workers.starting import Template, Worker

# After this long without any worker computing, a task that has input gets an extra worker.
_STALL_SECONDS = 1.0


class Progress(NamedTuple):
    """Counts since the pool was created."""

    started: int  # tasks
    finished: int  # tasks, including failed ones
    rows_in: int
    rows_out: int


class WorkerPool:
    """Worker processes for tasks of this process; needs fork and Unix sockets, that is Linux or macOS.

    Workers start on demand and are kept. There are at most `size`, with one exception. One task may read what another
    writes, so all workers can be waiting for a task that has no worker yet. When all have waited for a second, for
    input or for a reader, a task with input gets an extra worker, which ends with the task.

    `run` may be called from any number of threads.
    """

    def __init__(self, size: int | None = None, work: Sequence[str] = ()) -> None:
        """Starts the template process and returns at once.

        Args:
            size: of the pool; by default the cores this process may use.
            work: names of what the workers will do (`warm.WARM_UPS`), to be warmed; by default everything.

        Raises:
            ValueError: a size below one.
        """
        self.size = usable_cores() if size is None else size
        if self.size < 1:
            raise ValueError(f"a pool of {self.size} worker processes can run nothing")
        self.owner = os.getpid()
        self._changed = threading.Condition()
        self._idle: list[Worker] = []
        self._workers = 0  # idle, leased, or about to start
        self._computing = 0  # have input and no result yet, or are about to start
        self._quiet_since = time.monotonic()
        self._started = self._finished = self._rows_in = self._rows_out = 0
        self._stopped = False
        self._starting = threading.Lock()
        self._work = tuple(work)
        self._template = Template(self._work)
        atexit.register(self.stop)

    def run(self, function: BatchFunction | Pickled, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Runs `function` on `batches` in a worker. Input is read only as the result is consumed.

        A worker unpickles a function once and keeps it, with its state, for further tasks.

        Raises:
            WorkerError: the worker ended before its task did, or cannot be started.
            BaseException: what the function or `batches` raised.
        """
        task = function if isinstance(function, Pickled) else Pickled.of(function)
        given = _begun(batches)
        worker = self._lease(task)
        is_between_tasks = False
        try:
            while True:
                kind, body = self._answer(worker)
                if kind is Kind.NEXT:
                    self._give(worker, next(given, None))
                elif kind is Kind.BATCH:
                    result = decoded(body)
                    del body
                    self._count(rows_out=result.num_rows)
                    yield result
                    del result
                else:
                    is_between_tasks = True
                    break
            if kind is Kind.ERROR:
                raise unpacked(body.to_pybytes())
        except HangupError:
            raise self._lost(worker) from None
        finally:
            self._return(worker, is_between_tasks)

    def progress(self) -> Progress:
        """Tasks and rows so far."""
        with self._changed:
            return Progress(self._started, self._finished, self._rows_in, self._rows_out)

    def ready(self) -> float:
        """Waits until the template is warm; returns the seconds that warming took.

        Raises:
            WorkerError: the template has ended.
        """
        return self._template.ready()

    def stop(self) -> None:
        """Ends all processes; running tasks fail with a WorkerError."""
        if os.getpid() != self.owner:
            return
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            idle, self._idle = self._idle, []
        with self._starting:
            self._template.stop()
        for worker in idle:
            worker.connection.close()
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _lease(self, task: Pickled) -> Worker:
        """A worker that has accepted the task; waits until one is free."""
        with self._changed:
            while not self._stopped and not self._idle and self._workers >= self.size and not self._is_stalled():
                self._changed.wait(_STALL_SECONDS)
            if self._stopped:
                raise WorkerError("the worker processes have been stopped")
            worker = self._idle.pop() if self._idle else None
            self._workers += worker is None
            self._started += 1
            self._computing += 1
        try:
            if worker is None or not worker.take(task):
                worker = self._replaced(worker)
                if not worker.take(task):
                    raise self._lost(worker)
            return worker
        except BaseException:
            with self._changed:
                self._workers -= 1
                self._finished += 1
                self._changed.notify()
            raise
        finally:
            self._rest()

    def _is_stalled(self) -> bool:
        """Whether no worker has computed for `_STALL_SECONDS`. If so, starts that interval again."""
        now = time.monotonic()
        if self._computing or now - self._quiet_since < _STALL_SECONDS:
            return False
        self._quiet_since = now
        return True

    def _replaced(self, worker: Worker | None) -> Worker:
        """A new worker, also in place of one that has ended."""
        if worker is not None:
            worker.discard()
        template = self._template
        try:
            return template.fork()
        except WorkerError:
            if not template.has_ended:
                raise
        return self._new_template(template).fork()

    def _new_template(self, ended: Template) -> Template:
        with self._starting:
            if self._template is ended and not self._stopped:
                ended.stop()
                self._template = Template(self._work)
            return self._template

    def _return(self, worker: Worker, is_usable: bool) -> None:
        """Takes a worker back; ends it when it is still in a task or the pool has too many."""
        with self._changed:
            keep = is_usable and self._workers <= self.size and not self._stopped
            if keep:
                self._idle.append(worker)
            else:
                self._workers -= 1
            self._finished += 1
            self._changed.notify()
        if not keep:
            worker.discard()

    def _answer(self, worker: Worker) -> tuple[Kind, pa.Buffer]:
        with self._changed:
            self._computing += 1
        try:
            return receive(worker.connection)
        finally:
            self._rest()

    def _rest(self) -> None:
        with self._changed:
            self._computing -= 1
            self._quiet_since = time.monotonic()

    def _give(self, worker: Worker, batch: pa.RecordBatch | None) -> None:
        if batch is None:
            send(worker.connection, Kind.END)
        else:
            send(worker.connection, Kind.BATCH, encoded(batch))
            self._count(rows_in=batch.num_rows)

    def _count(self, rows_in: int = 0, rows_out: int = 0) -> None:
        with self._changed:
            self._rows_in += rows_in
            self._rows_out += rows_out

    def _lost(self, worker: Worker) -> WorkerError:
        if self._stopped:
            return WorkerError("the worker processes have been stopped")
        return WorkerError(f"worker process {worker.pid} {worker.ending()}")


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _begun(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches, after the first has arrived: a task without input takes no worker."""
    iterator = iter(batches)
    first = next(iterator, None)
    return iter(()) if first is None else chain([first], iterator)
