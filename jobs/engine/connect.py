"""A Spark Connect server that runs elsewhere, named by `SPARK_REMOTE` or a `sc://` address."""

import re

from pyspark.sql import SparkSession

from jobs.engine.base import Engine, TaskProgress
from jobs.engine.client import connected
from jobs.engine.patterns import escaped
from pipelines.storage.uri import LakeUri


class ConnectEngine(Engine):
    """Computes on a Spark Connect server.

    The server's Python workers must have the same version of tokenlake installed, and client and server must reach the
    lake under the same path.
    """

    name = "connect"

    def __init__(self, remote: str) -> None:
        self.remote = remote
        self._tasks: dict[str, tuple[int, int]] = {}

    def start(self) -> SparkSession:
        """A session on the server."""
        session = connected(self.remote)
        session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "1000")
        session.registerProgressHandler(self._record)
        return session

    def _record(self, stages: list, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        """Called by the client as the server reports; stages of one operation replace those before."""
        known = sum(stage.num_tasks for stage in stages or ())
        ended = known if done else sum(stage.num_completed_tasks for stage in stages or ())
        if known:
            self._tasks[str(operation_id)] = (ended, known)

    def interrupt(self) -> None:
        """Ends this session's queries on the server."""
        if self.started:
            self.session.interruptAll()

    def parallelism(self) -> int:
        """The server's default parallelism; 8 where it does not report one."""
        try:
            return int(self.session.conf.get("spark.default.parallelism") or 8)
        except Exception:  # servers that lack the setting raise different exceptions
            return 8

    def progress(self) -> TaskProgress:
        """Tasks of all queries so far."""
        counted = list(self._tasks.values())
        return TaskProgress(sum(ended for ended, _ in counted), sum(known for _, known in counted))

    def location(self, path: str) -> str:
        """The path with the characters escaped that Spark reads as a pattern."""
        return escaped(LakeUri.parse(path).for_spark)


def host(remote: str) -> str:
    """Host and port of an address, without user and token, for messages."""
    found = re.match(r"sc://([^/;]+)", remote)
    return found[1] if found else "the server"
