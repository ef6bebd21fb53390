"""Memory that was freed, given back to the machine."""

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Asks the allocators of Arrow and of the C library to return the pages that nothing uses any more.

    They keep them otherwise, and a process stays as large as its largest step. Milliseconds; does nothing where the C
    library is not glibc.
    """
    arrow = sys.modules.get("pyarrow")  # not imported for this alone
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)
