"""A Spark Connect server that runs elsewhere, named by `SPARK_REMOTE` or a `sc://` address."""

import re

from pyspark.sql import SparkSession

from jobs.engine.base import Engine, TaskProgress
from jobs.engine.patterns import escaped


class ConnectEngine(Engine):
    """Computes on a Spark Connect server.

    The server's Python workers must be able to import tokenlake, in the version that is installed here, and the lake
    must lie where both sides find it under one path.
    """

    name = "connect"

    def __init__(self, remote: str) -> None:
        self.remote = remote
        self._tasks: dict[str, tuple[int, int]] = {}

    def start(self) -> SparkSession:
        """A session on the server."""
        session = SparkSession.builder.remote(self.remote).create()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "1000")
        session.registerProgressHandler(self._record)
        return session

    def _record(self, stages: list, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        """Called by the client as the server reports; stages of one operation replace those before."""
        known = sum(stage.num_tasks for stage in stages or ())
        ended = known if done else sum(stage.num_completed_tasks for stage in stages or ())
        if known:
            self._tasks[str(operation_id)] = (ended, known)

    def parallelism(self) -> int:
        """What the server says; 8 where it does not."""
        try:
            return int(self.session.conf.get("spark.default.parallelism") or 8)
        except Exception:  # a server that does not know the setting raises an error of its own
            return 8

    def progress(self) -> TaskProgress:
        """Tasks of all queries so far."""
        counted = list(self._tasks.values())
        return TaskProgress(sum(ended for ended, _ in counted), sum(known for _, known in counted))

    def location(self, path: str) -> str:
        """With the characters escaped that Spark reads as a pattern."""
        return escaped(path)


def host(remote: str) -> str:
    """The address without user and token, for messages."""
    found = re.match(r"sc://([^/;]+)", remote)
    return found[1] if found else "the server"
