"""Tries again what failed because an object store was away for a while.

The libraries that speak to a store repeat a request for a few seconds only. A stage continues from what is committed,
so it can be run again as a whole.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from jobs.progress import Reporter
from pipelines.storage.errors import passes
from pipelines.storage.repeating import attempt
from pipelines.storage.uri import LakeUri

T = TypeVar("T")

PAUSES = (2.0, 5.0, 10.0, 20.0, 40.0)
"""Seconds before each further attempt."""


def patiently(lake: str, reporter: Reporter, work: Callable[[], T]) -> T:
    """The result of `work`, which is called again after a pause while the store of the lake is away.

    Args:
        lake: folder or URI; on a local lake `work` is called once.
        reporter: says that and why the run waits.
        work: can be repeated after it failed at any moment.

    Raises:
        Exception: what `work` raised, if it is something else, or at the last attempt.
    """
    if not LakeUri.parse(lake).is_object:
        return work()

    def wait(pause: float) -> None:
        message = f"  the object store does not serve requests; trying again in {pause:.0f} s"
        reporter.event("store_away", message, seconds=pause)
        time.sleep(pause)

    return attempt(work, PAUSES, passes, wait)
