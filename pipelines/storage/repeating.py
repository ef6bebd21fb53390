"""Repeats requests whose answer was cut: the libraries repeat those that were refused, and not all of these."""

import time
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from pipelines.storage.errors import was_cut

P = ParamSpec("P")
T = TypeVar("T")

PAUSES = (0.1, 0.5, 1.0, 2.0)
"""Seconds before each further attempt."""


def attempt(
    work: Callable[[], T],
    pauses: Sequence[float],
    is_passing: Callable[[BaseException], bool],
    wait: Callable[[float], None] = time.sleep,
) -> T:
    """The result of `work`, which is called again, after each of the pauses, while its errors are passing ones."""
    for pause in pauses:
        try:
            return work()
        except Exception as error:
            if not is_passing(error):
                raise
            wait(pause)
    return work()


def repeated(request: Callable[P, T]) -> Callable[P, T]:
    """A function that calls `request` again if its answer was cut. Once or twice must be the same to the store."""

    @wraps(request)
    def whole(*arguments: P.args, **named: P.kwargs) -> T:
        return attempt(partial(request, *arguments, **named), PAUSES, was_cut)

    return whole
