"""The embedded engine: Sail, a Spark Connect server in Rust, inside this process. No JVM."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from jobs.engine.base import Engine, TaskProgress
from lake.storage import is_local
from pipelines.workers import edge
from pipelines.workers.pool import WorkerPool

# Rows that a Python function is given at once: bounds what a task holds, whatever the documents' lengths.
BATCH_ROWS = "1000"


class SailEngine(Engine):
    """Sail computes; a pool of worker processes runs the Python functions, as Spark's Python workers would."""

    name = "sail"

    def __init__(self) -> None:
        self._cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._server: Any = None

    @cached_property
    def _pool(self) -> WorkerPool:
        return WorkerPool(self._cores)

    def start(self) -> SparkSession:
        """Starts the server in this process, and a session on it."""
        edge.use(self._pool)  # before the imports below: it warms up meanwhile
        os.environ.setdefault("RUST_LOG", "error")
        os.environ.setdefault("SAIL_EXECUTION__BATCH_SIZE", BATCH_ROWS)
        os.environ.setdefault("SAIL_EXECUTION__DEFAULT_PARALLELISM", str(self._cores))
        from pysail.spark import SparkConnectServer

        self._server = SparkConnectServer(ip="127.0.0.1", port=0)
        self._server.start(background=True)
        _, port = self._server.listening_address
        session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        return session

    def stop(self) -> None:
        """Ends the session, the server and the worker processes."""
        if self.started:
            super().stop()
            self._server.stop()
        if "_pool" in self.__dict__:
            edge.use(None)
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
        """As a URI, whose escapes keep Sail from reading the path as a pattern."""
        return Path(path).as_uri() if is_local(path) else path
