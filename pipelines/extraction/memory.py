"""Whose fault it is that an extractor has no memory: the page's, which is rejected, or the machine's, which is not."""

import resource
from contextlib import suppress
from pathlib import Path

LIMIT = 4 << 30  # bytes that an extractor in a process of its own may take for a page


def limit_memory() -> None:
    """Limits this process, so that a page which asks for ever more gets a `MemoryError`, and the machine stays up."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with suppress(ValueError, OSError):  # where a lower limit is set already
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, hard))


def is_taken_up() -> bool:
    """Whether this process has had much of its limit: then memory ran out for the page, not for the machine."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 > LIMIT // 4


def killed_for_memory() -> int:
    """How many processes the kernel has killed because memory ran out (proc(5), vmstat); 0 where it does not tell."""
    try:
        counters = Path("/proc/vmstat").read_text()
    except OSError:
        return 0
    return int(counters.partition("\noom_kill ")[2].partition("\n")[0] or 0)
