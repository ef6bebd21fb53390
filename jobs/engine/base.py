"""The interface of a compute engine."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema


@dataclass(frozen=True)
class TaskProgress:
    """Number of tasks: all that the engine has announced so far, and those that have ended."""

    ended: int
    known: int


class Engine(ABC):
    """Computes DataFrames. The session starts at first use.

    Only the API of Spark Connect may be used on the session, so that all engines run the same code.
    """

    name: str

    @abstractmethod
    def start(self) -> SparkSession:
        """Makes the session. Called once."""

    @abstractmethod
    def progress(self) -> TaskProgress:
        """The tasks to show in a progress bar. Called from another thread, also before the session has started."""

    @abstractmethod
    def parallelism(self) -> int:
        """How many tasks run at once."""

    @cached_property
    def session(self) -> SparkSession:
        """The session, started at first use."""
        return self.start()

    @property
    def started(self) -> bool:
        """Whether there is a session yet."""
        return "session" in self.__dict__

    def stop(self) -> None:
        """Stops the session and everything started for it."""
        if self.started:
            self.session.stop()

    @abstractmethod
    def interrupt(self) -> None:
        """Ends what would go on after this process. Called from another thread while the engine is at work."""

    def frame(self, rows: pa.Table) -> DataFrame:
        """An Arrow table of this process, a few megabytes at most, as a DataFrame."""
        if rows.num_rows:
            return self.session.createDataFrame(rows)
        return self.session.createDataFrame([], from_arrow_schema(rows.schema))

    def read_parquet(self, paths: Sequence[str], schema: pa.Schema) -> DataFrame:
        """The rows of Parquet files that all have the columns of `schema`."""
        located = [self.location(path) for path in paths]
        return self.session.read.schema(from_arrow_schema(schema)).parquet(*located)

    def location(self, path: str) -> str:
        """A path, escaped for this engine's readers, which treat `*`, `?`, `[` and `{` as patterns."""
        return path
