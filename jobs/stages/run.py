"""What every stage is given."""

import time
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from jobs.config import RunConfig
from jobs.lake import Commit, Lake
from jobs.progress import Reporter


@dataclass(frozen=True)
class StageContext:
    """One command's lake, configuration and voice."""

    lake: Lake
    config: RunConfig
    reporter: Reporter
    started_at: float = field(default_factory=time.time)  # seconds since the epoch

    @property
    def spark(self) -> SparkSession:
        """The session of this command."""
        return self.lake.spark

    def committed(self, commit: Commit) -> None:
        """Tells that a table has a new version."""
        assert commit.note is not None
        self.reporter.event(
            "table_committed",
            table=commit.table,
            version=commit.version,
            mode=commit.note.mode,
            rows=commit.rows_out,
            run_id=commit.note.run_id,
        )
