"""`tokenlake run` and `tokenlake stage`."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from jobs import preflight
from jobs.cli import STAGES, UsageError
from jobs.config import RunConfig
from jobs.failures import note_lake
from jobs.progress import Reporter
from jobs.yaml_config import load


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """All stages, the invariants, the funnel and the report."""
    return execute(configuration(arguments), STAGES, reporter, conclude=True)


def stage(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """One stage."""
    return execute(configuration(arguments), (arguments.stage,), reporter, conclude=False)


def configuration(arguments: argparse.Namespace) -> RunConfig:
    """The config file with what the command line adds.

    Raises:
        ConfigError: the file or an override is not valid.
        FileNotFoundError: an --input does not exist.
        UsageError: --only-input without --input.
    """
    config = load(arguments.config, RunConfig, _flat(arguments.set))
    inputs = _flat(arguments.input)
    if arguments.only_input and not inputs:
        raise UsageError("--only-input needs --input PATH")
    if inputs:
        config = config.with_inputs(inputs, arguments.only_input)
    if arguments.lake:
        config = config.model_copy(update={"lake": arguments.lake})
    return config


def _flat(groups: Sequence[Sequence[str]]) -> list[str]:
    return [item for group in groups for item in group]


def execute(config: RunConfig, stages: Sequence[str], reporter: Reporter, conclude: bool) -> int:
    """Runs stages in a session of their own."""
    started = time.perf_counter()
    config = config.model_copy(update={"lake": absolute(config.lake)})
    preflight.check(config, stages)
    reporter.event("run_started", f"tokenlake: {config.lake}", lake=config.lake, stages=list(stages))
    from jobs import lake_lock, session  # imported late: `--help` and a bad configuration need no Spark

    with lake_lock.exclusive(config.lake):
        with reporter.setup("session"):
            spark = session.build(settings=config.spark, profile=config.profile, tell=reporter.engine)
        try:
            from jobs.pipeline import run_stages

            status = run_stages(spark, config, reporter, stages, conclude)
        except Exception as error:
            note_lake(error, config.lake)
            raise
        finally:
            spark.stop()
    seconds = round(time.perf_counter() - started, 1)
    reporter.event("run_finished", f"  done in {seconds} s", seconds=seconds, status=status)
    return status


def absolute(lake: str) -> str:
    """A local lake as an absolute path; URIs stay as they are."""
    return lake if "://" in lake else str(Path(lake).expanduser().resolve())
