"""Runs the stages in order in one session, then records the runs and checks the limit on rejects."""

from collections.abc import Sequence
from importlib import import_module

from pyspark.sql import SparkSession

from jobs.cli import STAGES
from jobs.config import RunConfig
from jobs.lake import Lake
from jobs.progress import Reporter
from jobs.rejects import over_limit
from jobs.runs import record_failure, record_runs
from jobs.stages.run import StageContext


def run_stages(
    spark: SparkSession, config: RunConfig, reporter: Reporter, stages: Sequence[str] = STAGES, conclude: bool = True
) -> int:
    """Runs stages and returns the exit status.

    `conclude` adds the checks over the whole lake, the report and the funnel. The status is 1 when input was read and
    the share of rejects passes the configured limit, after all stages committed what they learned.

    Raises:
        Exception: what a stage raised, after a row with status `failed` was added to `runs`.
    """
    run = StageContext(Lake(spark, config.lake), config, reporter)
    for name in stages:
        try:
            with reporter.stage(name, spark.sparkContext):
                import_module(f"jobs.stages.{name}").run(run)
        except Exception as error:
            record_failure(run.lake, name, error)
            raise
    record_runs(run.lake)
    if conclude:
        # Imported here: a single stage on a cluster needs no report.
        from jobs.conclusion import conclude as finish

        finish(run)
    return 1 if "ingest" in stages and over_limit(run) else 0
