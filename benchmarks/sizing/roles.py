"""CPU time and memory of this process and everything below it, by role: driver, its JVM, executors' JVMs, workers."""

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.process_tree import parents, pss_mb

_INTERVAL = 1.0  # seconds between two looks
_TICK = os.sysconf("SC_CLK_TCK")


class Roles:
    """A context; `take` gives, for each role, the largest PSS of one process that was seen since the last call, in MB.

    A peak between two looks is missed. `cpu_seconds` is what looking took.
    """

    def __init__(self) -> None:
        self._peak_mb: dict[str, float] = {}
        self.cpu_seconds = 0.0

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def take(self) -> dict[str, float]:
        """The peaks so far; the next ones count from here."""
        found, self._peak_mb = self._peak_mb, {}
        return dict(sorted(found.items()))

    def _look_on(self) -> None:
        while not self._ended.wait(_INTERVAL):
            for pid in family(parents()):
                if name := role(pid):
                    self._peak_mb[name] = round(max(self._peak_mb.get(name, 0.0), pss_mb(pid)), 1)
            self.cpu_seconds = time.thread_time()


def family(everyone: Mapping[int, int]) -> set[int]:
    """This process and all below it."""
    found: set[int] = set()
    waiting = {os.getpid()}
    while waiting:
        found |= waiting
        waiting = {pid for pid, parent in everyone.items() if parent in waiting}
    return found


def cpu_seconds() -> float:
    """User and system time of this process, of all below it, and of those of them that ended and were waited for."""
    total = 0
    for pid in family(parents()):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue  # it has ended in between; its parent has its time
        total += sum(map(int, stat[stat.rindex(")") + 2 :].split()[11:15]))  # proc_pid_stat(5): utime … cstime
    return total / _TICK


def role(pid: int) -> str:
    """`driver`, `driver_jvm`, `executor_jvm` or `worker`; empty for a process that has ended."""
    if pid == os.getpid():
        return "driver"
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    if words[0].endswith("java"):
        return "executor_jvm" if any("CoarseGrainedExecutorBackend" in word for word in words) else "driver_jvm"
    return "worker" if words[0] else ""
