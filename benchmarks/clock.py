"""What a measured process says of itself: one line of JSON.

Standard library only, for it runs in every peer's environment.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any


class Clock:
    """Seconds and CPU seconds of named pieces of work, and what was done in them."""

    def __init__(self, *packages: str) -> None:
        """`packages`: distributions whose versions belong to the result."""
        self._said: dict[str, Any] = {"versions": {name: version(name) for name in packages}, "measured": {}}

    @contextmanager
    def measure(self, name: str, **done: int) -> Iterator[dict[str, Any]]:
        """Times the body; what the body puts into the mapping it is given (documents, tokens, …) is said too."""
        entry: dict[str, Any] = dict(done)
        seconds, cpu = time.perf_counter(), _cpu_seconds()
        yield entry
        entry["seconds"] = time.perf_counter() - seconds
        entry["cpu_seconds"] = _cpu_seconds() - cpu
        self._said["measured"][name] = entry

    def say(self) -> None:
        """Writes the line; the last one of standard output is the one that counts."""
        peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        self._said["peak_mb"] = round(max(peaks) / 1024, 1)
        sys.stdout.flush()
        print(json.dumps(self._said), flush=True)


def _cpu_seconds() -> float:
    """Of this process and of its children that have ended, in microseconds where the system counts them."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
