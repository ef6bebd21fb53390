"""Shared by the spark-submit entry points, which take the configuration as `--config CONFIG`."""

import argparse
from typing import NoReturn

from jobs.cli import entry


def submit(stage: str) -> NoReturn:
    """Runs one stage with the arguments of this process, as `tokenlake stage STAGE CONFIG …` would."""
    parser = argparse.ArgumentParser(prog=f"{stage}.py", add_help=False)
    parser.add_argument("--config", required=True, metavar="CONFIG")
    known, others = parser.parse_known_args()
    entry(["stage", stage, known.config, *others])
