"""Runs a command on a given number of cores and says what it took, with everything that it started."""

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.process_tree import Watch

REPOSITORY = Path(__file__).resolve().parents[1]
NOT_INHERITED = {"PYTHONDONTWRITEBYTECODE"}  # bytecode is what makes Python start quickly, ours and the peers'


class FailedError(RuntimeError):
    """A measured command ended with another status than 0; the message ends with what it said last."""


@dataclass(frozen=True)
class Finished:
    """What a command took: wall time, and of its whole process tree CPU time and the peak of its memory (PSS)."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str
    errors: str

    def said(self) -> dict[str, Any]:
        """The last line of standard output, as JSON (`benchmarks.clock`)."""
        found: dict[str, Any] = json.loads(self.output.strip().splitlines()[-1])
        return found

    def events(self) -> list[dict[str, Any]]:
        """The JSON lines of standard error (`tokenlake --log-json`)."""
        return [json.loads(line) for line in self.errors.splitlines() if line.startswith("{")]


def run(command: Sequence[object], cores: int, environment: Mapping[str, str] | None = None) -> Finished:
    """Runs a command to its end on the first `cores` of the cores that this process may use.

    Raises:
        FailedError: its exit status is not 0.
    """
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    threads = {name: str(cores) for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS")}
    with Watch() as watch:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env={**inherited, "PYTHONPATH": str(REPOSITORY), **threads, **(environment or {})},
            preexec_fn=lambda: os.sched_setaffinity(0, allowed),
        )
        output, errors = process.communicate()  # ends when the last process that holds them has ended
        seconds = time.perf_counter() - started
    if process.returncode:
        said = (errors or output).strip()[-3000:]
        raise FailedError(f"exit status {process.returncode}: {' '.join(map(str, command))}\n{said}")
    return Finished(seconds, watch.cpu_seconds, watch.peak_mb, output, errors)
