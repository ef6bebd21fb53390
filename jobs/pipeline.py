"""Runs stages in order on one engine, then the invariants and the report."""

import time
from collections.abc import Sequence
from datetime import date
from functools import partial
from importlib import import_module

from jobs.arguments import STAGES
from jobs.config import RunConfig
from jobs.engine.base import Engine
from jobs.metrics.recorded import record as record_outcome
from jobs.metrics.recorded import stage_file
from jobs.patience import patiently
from jobs.progress import Reporter
from jobs.recorded_config import record
from jobs.rejects import over_limit
from jobs.runs import record_failure, record_runs
from jobs.stage_choice import stages_of
from jobs.stages.context import StageContext
from lake import contract
from lake.lake import Lake


def run_stages(
    engine: Engine,
    config: RunConfig,
    reporter: Reporter,
    stages: Sequence[str] = STAGES,
    conclude: bool = True,
    keep_old: bool = False,
    day: date | None = None,
) -> int:
    """Runs stages and returns the exit status.

    `conclude` adds the invariants, the report and the funnel. `keep_old` keeps rows that older versions of the steps
    made. With `day`, ingest reads the files of this day only. The status is 1 when this run rejected more of a source
    than `ingest.reject_limit`; all stages have committed their tables by then.

    Raises:
        ContractError: the lake follows another contract.
        Exception: what a stage raised. A row with status `failed` has been added to `runs`.
    """
    lake = Lake(config.lake, engine)
    lake.open_all()
    contract.require(lake)
    run = StageContext(lake, engine, config, reporter, keep_old=keep_old, day=day)
    for name in stages_of(config, stages):
        run_stage(run, name)
        patiently(lake.root, reporter, partial(record, lake, name, config))
    patiently(lake.root, reporter, partial(record_runs, lake))
    if conclude:
        # Imported here: a single stage on a cluster needs no report.
        from jobs.conclusion import conclude as finish

        patiently(lake.root, reporter, partial(finish, run))
    return 1 if over_limit(run) else 0


def run_stage(run: StageContext, name: str) -> None:
    """Runs one stage.

    Raises:
        Exception: what the stage raised. A row with status `failed` has been added to `runs`.
    """
    stage = import_module(f"jobs.stages.{name}")
    started = time.perf_counter()
    status = "failed"
    try:
        with run.reporter.stage(name, run.engine.progress):
            patiently(run.lake.root, run.reporter, partial(stage.run, run))
        status = "done"
    except Exception as error:
        record_failure(run.lake, name, error)
        raise
    finally:
        seconds = round(time.perf_counter() - started, 3)
        record_outcome(run.lake, stage_file(name, status), run.reporter, seconds=seconds)
