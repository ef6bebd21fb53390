"""The peak memory of a command by role: the driver, its JVM, executors' JVMs, Python workers.

PSS of single processes, looked at as `benchmarks.process_tree` does; a peak between two looks is missed.
"""

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.process_tree import children_of, descendants, parents, pss_mb

_INTERVAL = 0.3  # seconds between two looks


class Roles:
    """A context in which commands run; `peak_mb` holds, for each role, the largest process that was seen."""

    def __init__(self) -> None:
        self.peak_mb: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._before = children_of(os.getpid(), parents())
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._ended.wait(_INTERVAL):
            everyone = parents()
            for pid in descendants(self._before, everyone):
                if name := role(pid, is_first=everyone.get(pid) == os.getpid()):
                    self.peak_mb[name] = round(max(self.peak_mb.get(name, 0.0), pss_mb(pid)), 1)


def role(pid: int, is_first: bool) -> str:
    """`driver`, `driver_jvm`, `executor_jvm` or `worker`; empty for a process that has ended."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    if words[0].endswith("java"):
        return "executor_jvm" if any("CoarseGrainedExecutorBackend" in word for word in words) else "driver_jvm"
    return "driver" if is_first else "worker" if words[0] else ""
