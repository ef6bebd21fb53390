"""Shared by the spark-submit entry points, which take the configuration as `--config CONFIG`."""

import argparse
from typing import NoReturn

from jobs.cli import entry


def submit(name: str) -> NoReturn:
    """Runs one stage, or all for the name `run`, with the arguments of this process, as `tokenlake` would."""
    parser = argparse.ArgumentParser(prog=f"{name}.py", add_help=False)
    parser.add_argument("--config", required=True, metavar="CONFIG")
    known, others = parser.parse_known_args()
    command = ["run"] if name == "run" else ["stage", name]
    entry([*command, known.config, *others])
