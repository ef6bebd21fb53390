"""Classic Spark: this process starts a JVM, or joins the one that spark-submit started."""

import os
from collections.abc import Mapping

from pyspark.sql import SparkSession

from jobs.engine.base import Engine, TaskProgress
from jobs.engine.patterns import escaped
from jobs.engine.spark import session
from jobs.engine.spark.gateway import Tell


class SparkEngine(Engine):
    """Spark on this machine or on a cluster.

    Args:
        settings: Spark's, which win over those of this program.
        profile: `small` for quick starts, `large` for long runs.
        tell: is given what the JVM writes to standard error.
    """

    name = "spark"

    def __init__(self, settings: Mapping[str, str] | None = None, profile: str = "small", tell: Tell | None = None):
        self._settings, self._profile, self._tell = dict(settings or {}), profile, tell
        self._seen: dict[int, tuple[int, int]] = {}  # Spark stage -> tasks, ended
        if submitted():
            _ = self.session  # a cluster takes a driver that makes no session for one that failed

    def start(self) -> SparkSession:
        """Starts Spark, or joins what spark-submit started.

        Raises:
            java.JavaError: no Java that Spark runs on.
        """
        return session.build(settings=self._settings, profile=self._profile, tell=self._tell)

    def parallelism(self) -> int:
        """The cores that Spark has been given."""
        return session.default_parallelism(self.session)

    def progress(self) -> TaskProgress:
        """Tasks of the stages that run now, and of those before."""
        if self.started:
            session.count_tasks(self.session, self._seen)
        counted = list(self._seen.values())
        return TaskProgress(sum(ended for _, ended in counted), sum(known for known, _ in counted))

    def location(self, path: str) -> str:
        """With the characters escaped that Hadoop reads as a pattern."""
        return escaped(path)


def submitted() -> bool:
    """Whether spark-submit started this process."""
    return "PYSPARK_GATEWAY_PORT" in os.environ
