"""Runs a command on a given number of cores and watches its process tree."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

REPOSITORY = Path(__file__).resolve().parents[1]
_INTERVAL = 0.2  # seconds between two looks at the processes


class FailedError(RuntimeError):
    """A measured command ended with another status than 0; the message ends with what it said last."""


@dataclass(frozen=True)
class Finished:
    """What a command took; `worker_peak_mb` is the largest resident set that any of Spark's Python workers had."""

    seconds: float
    cpu_seconds: float
    worker_peak_mb: float
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
    threads = {name: str(cores) for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")}
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **threads, **(environment or {})},
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    )
    watch = _Watch(process.pid)
    watch.start()
    output, errors = process.communicate()
    seconds = time.perf_counter() - started
    watch.stop()
    if process.returncode:
        said = (errors or output).strip()[-3000:]
        raise FailedError(f"exit status {process.returncode}: {' '.join(map(str, command))}\n{said}")
    return Finished(seconds, watch.cpu_seconds, watch.worker_peak_mb, output, errors)


@dataclass
class _Watch:
    """Looks at a process tree from time to time: processes of other sessions or owners are never touched."""

    root: int
    _cpu: dict[int, float] = field(default_factory=dict)
    _peaks: dict[int, float] = field(default_factory=dict)

    def start(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def cpu_seconds(self) -> float:
        """Of all processes seen, each as it was last seen."""
        return sum(self._cpu.values())

    @property
    def worker_peak_mb(self) -> float:
        return max(self._peaks.values(), default=0.0)

    def _look(self) -> None:
        while not self._ended.wait(_INTERVAL):
            try:
                root = psutil.Process(self.root)
                processes = [root, *root.children(recursive=True)]
            except psutil.Error:
                return
            for process in processes:
                self._note(process)

    def _note(self, process: psutil.Process) -> None:
        try:
            times = process.cpu_times()
            self._cpu[process.pid] = times.user + times.system
            if "pyspark.daemon" in process.cmdline():
                status = Path(f"/proc/{process.pid}/status").read_text()
                peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
                self._peaks[process.pid] = int(peak.split()[1]) / 1024
        except (psutil.Error, OSError, StopIteration):
            return  # it has ended in between
