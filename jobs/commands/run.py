"""`tokenlake run` and `tokenlake stage`."""

import argparse
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from jobs.config import RunConfig
from jobs.progress import Reporter
from jobs.yaml_config import load

STAGES = ("ingest", "clean", "dedup", "tokenize", "pack")


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """All stages, the identities, the funnel and the report."""
    return execute(configuration(arguments), STAGES, reporter, conclude=True)


def stage(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """One stage."""
    return execute(configuration(arguments), (arguments.stage,), reporter, conclude=False)


def configuration(arguments: argparse.Namespace) -> RunConfig:
    """The config file with what the command line adds.

    Raises:
        ConfigError: the file or an override is not valid.
        FileNotFoundError: an --input does not exist.
    """
    config = load(arguments.config, RunConfig, _flat(arguments.set))
    inputs = _flat(arguments.input)
    if arguments.only_input and not inputs:
        raise FileNotFoundError("--only-input needs --input PATH")
    if inputs:
        config = config.with_inputs(inputs, arguments.only_input)
    if arguments.lake:
        config = config.model_copy(update={"lake": arguments.lake})
    return config


def _flat(groups: Sequence[Sequence[str]]) -> list[str]:
    return [item for group in groups for item in group]


def execute(config: RunConfig, stages: Sequence[str], reporter: Reporter, conclude: bool) -> int:
    """Runs stages in one session. `conclude` adds the checks over the whole lake and the report.

    Returns 1 when the share of rejects passes the configured limit, after all stages committed what they learned.
    """
    started = time.perf_counter()
    reporter.event("run_started", f"tokenlake: {config.lake}", lake=config.lake, stages=list(stages))
    from jobs import session

    with reporter.setup("session"):
        spark = session.build(settings=config.spark, profile=config.profile)
    try:
        from jobs.lake import Lake
        from jobs.stages.run import Run

        run = Run(Lake(spark, absolute(config.lake)), config, reporter)
        outcome = _stages(run, stages)
        if conclude:
            from jobs.conclusion import conclude as finish

            finish(run)
    finally:
        spark.stop()
    seconds = round(time.perf_counter() - started, 1)
    reporter.event("run_finished", f"  done in {seconds} s", seconds=seconds, status=outcome)
    return outcome


def _stages(run: "Run", names: Sequence[str]) -> int:
    from jobs.rejects import over_limit
    from jobs.runs import record_failure, record_runs

    for name in names:
        module = import_module(f"jobs.stages.{name}")
        try:
            with run.reporter.stage(name, run.spark.sparkContext):
                module.run(run)
        except Exception as error:
            record_failure(run.lake, name, error)
            raise
    record_runs(run.lake)
    return 1 if over_limit(run) else 0


def absolute(lake: str) -> str:
    """A local lake as an absolute path; URIs stay as they are."""
    return lake if "://" in lake else str(Path(lake).expanduser().resolve())
