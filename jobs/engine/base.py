"""What the rest of tokenlake needs of an engine."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema


@dataclass(frozen=True)
class TaskProgress:
    """Tasks that are known of so far, and those of them that have ended."""

    ended: int
    known: int


class Engine(ABC):
    """A place where DataFrames are computed. The session starts when it is first asked for.

    Only what Spark Connect offers may be asked of the session, so that all engines run the same code.
    """

    name: str

    @abstractmethod
    def start(self) -> SparkSession:
        """Makes the session. Called once."""

    @abstractmethod
    def progress(self) -> TaskProgress:
        """What a progress bar shows. Called from another thread, also before the session has started."""

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
        """Ends the session and all that was started for it."""
        if self.started:
            self.session.stop()

    def frame(self, rows: pa.Table) -> DataFrame:
        """Rows of this process, a few megabytes at most, as a DataFrame."""
        if rows.num_rows:
            return self.session.createDataFrame(rows)
        return self.session.createDataFrame([], from_arrow_schema(rows.schema))

    def read_parquet(self, paths: Sequence[str], schema: pa.Schema) -> DataFrame:
        """The rows of these Parquet files, which all have these columns."""
        located = [self.location(path) for path in paths]
        return self.session.read.schema(from_arrow_schema(schema)).parquet(*located)

    def location(self, path: str) -> str:
        """A file's path as this engine's readers take it: they read `*`, `?`, `[` and `{` as patterns."""
        return path
