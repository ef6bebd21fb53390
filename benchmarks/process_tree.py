"""What a command and everything it starts costs: CPU time and memory of a process tree, from Linux's own account.

Memory is the proportional set size (PSS): a page that three processes share counts a third in each. Forked workers
share what their parent had loaded, so the sum over a tree is what the tree holds, and nothing is counted twice.
"""

import ctypes
import os
import resource
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

INTERVAL = 0.2  # seconds between two looks at the memory; the first ones come sooner, for short commands
LARGEST_SHARE = 0.05  # of one core that looking may take: a gigabyte takes 12 ms
PATIENCE = 10  # seconds that processes which outlive the command have to end
_SET_CHILD_SUBREAPER, _GET_CHILD_SUBREAPER = 36, 37  # linux/prctl.h


class Watch:
    """A context in which one command runs; `cpu_seconds` and `peak_mb` say what its tree cost.

    Inside it this process inherits orphans of the tree (a JVM outlives the Python that started it), so it can wait for
    them, and the kernel's account of children that have ended has the CPU time of every process, however short it
    lived. Children that were there before are left alone, but none of them may end inside.
    """

    def __init__(self) -> None:
        self.cpu_seconds = 0.0
        self.peak_mb = 0.0

    def __enter__(self) -> Self:
        self._inherited = _subreaper(True)
        self._before = children_of(os.getpid(), parents())
        self._cpu_before = _ended_children()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._wait_for_orphans()
        finally:
            self._ended.set()
            self._thread.join()
            self.cpu_seconds = _ended_children() - self._cpu_before
            _subreaper(self._inherited)

    def _look_on(self) -> None:
        pause = usual = INTERVAL / 16
        while not self._ended.wait(pause):
            usual = min(2 * usual, INTERVAL)
            begin = time.thread_time()
            below = descendants(self._before, parents())
            self.peak_mb = max(self.peak_mb, sum(map(pss_mb, below)))
            pause = max(usual, (time.thread_time() - begin) / LARGEST_SHARE)

    def _wait_for_orphans(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while left := children_of(os.getpid(), parents()) - self._before:
            for pid in left:
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    continue  # waited for by whoever started it
            if time.monotonic() > deadline:
                raise RuntimeError(f"processes {sorted(left)} go on after the command that started them has ended")
            time.sleep(0.01)


def parents() -> dict[int, int]:
    """Every process of the machine, and its parent."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text()
            except OSError:
                continue  # it has ended in between
            found[int(name)] = int(stat[stat.rindex(")") + 2 :].split()[1])  # the name in brackets may hold anything
    return found


def children_of(parent: int, everyone: Mapping[int, int]) -> set[int]:
    """Its children, those included that have ended and were not waited for."""
    return {pid for pid, its_parent in everyone.items() if its_parent == parent}


def descendants(but: set[int], everyone: Mapping[int, int]) -> set[int]:
    """All processes below this one, without some of its children and what is below those.

    A child that has not become the command yet, between fork and exec, is left out: its memory is this process's.
    """
    found: set[int] = set()
    waiting = {
        pid for pid in children_of(os.getpid(), everyone) - but if _command_line(pid) != _command_line(os.getpid())
    }
    while waiting:
        found |= waiting
        waiting = {pid for pid, parent in everyone.items() if parent in waiting}
    return found


def _command_line(pid: int) -> bytes:
    """Empty when the process has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def pss_mb(pid: int) -> float:
    """The proportional set size of a process; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def _ended_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _subreaper(wanted: bool) -> bool:
    """Whether orphans below this process become its children; what it was before."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = ctypes.c_int()
    if libc.prctl(_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0) or libc.prctl(
        _SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0
    ):
        raise OSError(ctypes.get_errno(), "prctl")
    return bool(before.value)
