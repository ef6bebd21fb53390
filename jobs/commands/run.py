"""`tokenlake run` and `tokenlake stage`."""

import argparse
import json
import time
from collections.abc import Sequence
from datetime import date
from functools import partial

from jobs import interruption, preflight
from jobs.arguments import STAGES
from jobs.cli import UsageError
from jobs.config import RunConfig
from jobs.dates import DateError, day
from jobs.engine.choice import Settings, choose, make
from jobs.failures import note_lake
from jobs.inputs import add_inputs, with_known_names
from jobs.progress import Reporter
from jobs.turn import turn
from jobs.yaml_config import load
from lake.lock import release_all
from pipelines.storage.uri import lake_root


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Runs all stages, then checks invariants and writes the report and the funnel."""
    return _run(arguments, STAGES, reporter, True)


def stage(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Runs one stage."""
    if arguments.date and arguments.stage != "ingest":
        raise UsageError(
            f"--date: the stage {arguments.stage} knows no days: it processes whatever is new; leave --date out"
        )
    return _run(arguments, (arguments.stage,), reporter, False)


def _run(arguments: argparse.Namespace, stages: Sequence[str], reporter: Reporter, conclude: bool) -> int:
    of = day(arguments.date) if arguments.date else None
    config = configuration(arguments, stages, of)
    return execute(config, stages, reporter, conclude, arguments.engine, arguments.keep_old, arguments.wait, of)


def configuration(arguments: argparse.Namespace, stages: Sequence[str], of: date | None = None) -> RunConfig:
    """The configuration file, with the overrides of the command line, checked for these stages and a day.

    Raises:
        ConfigError: the file or an override is not valid.
        FileNotFoundError: an --input does not exist.
        UsageError: --only-input without --input, or a file that the configuration names cannot be used.
    """
    inputs = _flat(arguments.input)
    if arguments.only_input and not inputs:
        raise UsageError("--only-input needs --input PATH")
    overrides = [*_flat(arguments.set), *([f"lake={json.dumps(arguments.lake)}"] if arguments.lake else [])]
    config = load(arguments.config, RunConfig, overrides, partial(add_inputs, inputs, arguments.only_input))
    if inputs:
        config = with_known_names(config, len(inputs))
    config = config.model_copy(update={"lake": lake_root(config.lake)})
    try:
        preflight.check(config, stages, of)
    except (UsageError, DateError) as error:
        raise UsageError(f"{arguments.config}: {error}") from error
    return config


def _flat(groups: Sequence[Sequence[str]]) -> list[str]:
    return [item for group in groups for item in group]


def execute(
    config: RunConfig,
    stages: Sequence[str],
    reporter: Reporter,
    conclude: bool,
    engine: str | None = None,
    keep_old: bool = False,
    wait: float = 0,
    of: date | None = None,
) -> int:
    """Chooses an engine, locks the lake and runs the stages; returns the exit status.

    `wait` is how many minutes a run may wait for its turn on the lake. With `of`, ingest reads the files of this day.
    """
    started = time.perf_counter()
    reporter.event("run_started", f"tokenlake: {config.lake}", lake=config.lake, stages=list(stages))
    choice = choose(engine, config.engine)
    reporter.event("engine_chosen", f"  engine     {choice.name}: {choice.why}", engine=choice.name, why=choice.why)
    interruption.first(release_all)
    alone = stages[0] if len(stages) == 1 else None
    with turn(config.lake, alone, wait, reporter):
        notify = partial(reporter.event, "waiting")
        settings = Settings(config.spark, config.profile, stages, reporter.engine_output, notify, config.lake)
        made = make(choice, settings)
        try:
            from jobs.pipeline import run_stages

            status = run_stages(made, config, reporter, stages, conclude, keep_old, of)
        except Exception as error:
            note_lake(error, config.lake)
            raise
        finally:
            made.stop()
    seconds = round(time.perf_counter() - started, 1)
    reporter.event("run_finished", f"  done in {seconds} s", seconds=seconds, status=status)
    return status
