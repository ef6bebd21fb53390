"""The argument of every stage."""

import time
from dataclasses import dataclass, field

from jobs.config import RunConfig
from jobs.engine.base import Engine
from jobs.progress import Reporter
from lake.commits import Commit
from lake.lake import Lake


@dataclass(frozen=True)
class StageContext:
    """The lake, engine, configuration and reporter of one command."""

    lake: Lake
    engine: Engine
    config: RunConfig
    reporter: Reporter
    started_at: float = field(default_factory=time.time)  # seconds since the epoch

    def committed(self, commit: Commit) -> None:
        """Reports that a table has a new version."""
        assert commit.metadata is not None
        self.reporter.event(
            "table_committed",
            table=commit.table,
            version=commit.version,
            mode=commit.metadata.mode,
            rows=commit.rows_out,
            run_id=commit.metadata.run_id,
        )
