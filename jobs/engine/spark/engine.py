"""Classic Spark: this process starts a JVM, or joins the one that spark-submit started."""

import os
from collections.abc import Mapping

from pyspark.sql import SparkSession

from jobs.engine.base import Engine, TaskProgress
from jobs.engine.patterns import escaped
from jobs.engine.spark import object_stores, session
from jobs.engine.spark.gateway import OnOutput
from pipelines.storage.uri import LakeUri


class SparkEngine(Engine):
    """Spark on this machine or on a cluster.

    Args:
        settings: of Spark; they override the defaults of tokenlake.
        profile: `small` for quick starts, `large` for long runs.
        on_output: receives each line that the JVM writes to standard error.
        lake: the root of the lake that is worked on, if any: on an object store Spark needs a connector.
    """

    name = "spark"

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        profile: str = "small",
        on_output: OnOutput | None = None,
        lake: str = "",
    ):
        own = dict(settings or {})
        self._settings = own if submitted() else object_stores.added(own, lake)
        self._profile, self._on_output = profile, on_output
        self._seen: dict[int, tuple[int, int]] = {}  # Spark stage -> tasks, ended
        if submitted() and session.fails_without_session():
            _ = self.session

    def start(self) -> SparkSession:
        """Starts Spark, or connects to the JVM that spark-submit started.

        Raises:
            java.JavaError: no Java 17 or 21 is installed.
        """
        return session.build(settings=self._settings, profile=self._profile, on_output=self._on_output)

    def interrupt(self) -> None:
        """Nothing: the JVM ends with this process, and its Python workers with it."""

    def parallelism(self) -> int:
        """The cores assigned to Spark."""
        return session.default_parallelism(self.session)

    def progress(self) -> TaskProgress:
        """Tasks of running and finished stages."""
        if self.started:
            session.count_tasks(self.session, self._seen)
        counted = list(self._seen.values())
        return TaskProgress(sum(ended for _, ended in counted), sum(known for known, _ in counted))

    def location(self, path: str) -> str:
        """The path with the characters escaped that Hadoop reads as a pattern."""
        return escaped(LakeUri.parse(path).for_spark)


def submitted() -> bool:
    """Whether spark-submit started this process."""
    return "PYSPARK_GATEWAY_PORT" in os.environ
