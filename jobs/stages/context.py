"""The argument of every stage."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from jobs.config import RunConfig
from jobs.engine.base import Engine
from jobs.progress import Reporter
from lake.commits import Commit
from lake.lake import Lake
from lake.ledger import Work, plan
from pipelines.semantics import Semantics
from pipelines.tables import Table


@dataclass(frozen=True)
class StageContext:
    """The lake, engine, configuration and reporter of one command."""

    lake: Lake
    engine: Engine
    config: RunConfig
    reporter: Reporter
    ingested: list[str] = field(default_factory=list)  # run ids of the ingests that this command has committed
    pairs_read: list[str] = field(default_factory=list)  # the same of readings of sentence pairs
    keep_old: bool = False  # rows that an older version of a step made stay, and are not made again
    day: date | None = None  # ingest reads the files of this day only
    started_at: float = field(default_factory=time.time)  # seconds since the epoch

    def plan(
        self,
        stage: str,
        output: Table,
        inputs: Sequence[str],
        config_hash: str,
        semantics: Semantics,
        changed: str = "",
    ) -> Work:
        """The work of a step, as `lake.ledger.plan`; reports why a table is made anew."""
        work = plan(self.lake, stage, output, inputs, config_hash, semantics, self.keep_old, changed)
        self.planned(work)
        return work

    def planned(self, work: Work) -> None:
        """Reports why a table is made anew, if the cause is here."""
        if work.why:
            self.reporter.event("rebuilding", f"  note: {work.why}", table=work.output.name, why=work.why)

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
