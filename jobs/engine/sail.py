"""The embedded engine: Sail, a Spark Connect server in Rust, inside this process. No JVM."""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any
from urllib.parse import quote

from pyspark.sql import SparkSession

from jobs.engine.base import Engine, TaskProgress
from jobs.engine.client import connected
from pipelines.storage.environment import prepare
from pipelines.storage.uri import LakeUri
from pipelines.workers import edge
from pipelines.workers.errors import WorkerError
from pipelines.workers.pool import WorkerPool, usable_cores

# Read when Sail is loaded; variables that are already set win.
DEFAULTS = {
    "RUST_LOG": "error",
    # Rows of a batch: bounds the memory of a task.
    "SAIL_EXECUTION__BATCH_SIZE": "1000",
    # Seconds without a query after which a session ends; by default five minutes, too short for a notebook.
    "SAIL_SPARK__SESSION_TIMEOUT_SECS": "604800",
    # Returns freed memory to the system at once: halves the resident set after a stage at no cost in time.
    "MIMALLOC_PURGE_DELAY": "0",
    "MIMALLOC_ABANDONED_PAGE_PURGE": "1",
    "MIMALLOC_ARENA_EAGER_COMMIT": "0",
}


# Stage -> work of its worker processes (`pipelines.workers.warm`).
WARMED = {
    "ingest": ("reading",),
    "clean": ("measuring",),
    "dedup": ("signing", "finalizing"),
    "tokenize": ("functions",),
    "pairs": ("functions",),
    "pack": ("functions",),
    "features": ("functions",),
}

LONG_WAIT = 5.0
"""Seconds of warming the workers after which the user is told why the run waits."""


class SailEngine(Engine):
    """Sail computes; a pool of worker processes runs the Python functions, as Spark's Python workers would."""

    name = "sail"

    def __init__(self, stages: Sequence[str] = (), notify: Callable[[str], None] | None = None) -> None:
        """Makes an engine that is not started yet.

        Args:
            stages: that will run: their workers start warm. None when that is not known: all work is warmed.
            notify: receives messages for the user about a long wait.
        """
        self._cores = usable_cores()
        self._server: Any = None
        self._notify = notify
        self._work = [work for stage in stages for work in WARMED[stage]]
        for name, value in {**DEFAULTS, "SAIL_EXECUTION__DEFAULT_PARALLELISM": str(self._cores)}.items():
            os.environ.setdefault(name, value)
        prepare()  # Sail and the workers read the environment as they start
        if stages:  # the workers warm up while the stages are imported and look for work
            edge.use(self._pool)

    @cached_property
    def _pool(self) -> WorkerPool:
        return WorkerPool(self._cores, self._work)

    def start(self) -> SparkSession:
        """Starts the server in this process, and a session on it."""
        edge.use(self._pool)
        threading.Thread(target=self._announce_compilation, daemon=True).start()
        from pysail.spark import SparkConnectServer

        self._server = SparkConnectServer(ip="127.0.0.1", port=0)
        self._server.start(background=True)
        _, port = self._server.listening_address
        return connected(f"sc://127.0.0.1:{port}")

    def _announce_compilation(self) -> None:
        """Tells the user of a long wait: the template process compiles kernels that are not in numba's cache."""
        warmed = threading.Event()

        def wait() -> None:
            with suppress(WorkerError):
                self._pool.ready()
            warmed.set()

        threading.Thread(target=wait, daemon=True).start()
        if not warmed.wait(LONG_WAIT) and self._notify:
            self._notify("  compiling kernels for this installation (once, about half a minute)")

    def stop(self) -> None:
        """Ends the session, the server and the worker processes."""
        if self.started:
            super().stop()
            self._server.stop()
        if "_pool" in self.__dict__:
            edge.use(None)
            self._pool.stop()

    def interrupt(self) -> None:
        """Ends the worker processes."""
        if "_pool" in self.__dict__:
            self._pool.stop()

    def parallelism(self) -> int:
        """The cores that this process may use."""
        return self._cores

    def progress(self) -> TaskProgress:
        """Tasks of the worker processes: Sail itself reports none."""
        if "_pool" not in self.__dict__:
            return TaskProgress(0, 0)
        counted = self._pool.progress()
        return TaskProgress(counted[1], counted[0])

    def location(self, path: str) -> str:
        """The path as a URI: Sail does not read its percent escapes as a pattern."""
        uri = LakeUri.parse(path)
        return uri.path.as_uri() if uri.is_local else f"{uri.scheme}://{quote(uri.rest, safe='/=@')}"
