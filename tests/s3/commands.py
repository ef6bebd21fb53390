"""`tokenlake` as a process of its own, and what it said."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    output: str
    said: str  # on standard error
    seconds: float


def tokenlake(*arguments: object, environment: dict[str, str] | None = None, timeout: float = 500) -> Done:
    """Runs a command to its end, with the environment of this process unless another is given."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "jobs", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={**(os.environ if environment is None else environment), "PYTHONPATH": str(PROJECT)},
        timeout=timeout,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - started)


def succeed(*arguments: object, environment: dict[str, str] | None = None) -> Done:
    """As `tokenlake`; the command must end with status 0."""
    done = tokenlake(*arguments, environment=environment)
    assert done.status == 0, f"{arguments}: status {done.status}\n{done.output[-2000:]}\n{done.said[-4000:]}"
    return done
