"""Repeats requests whose answer was cut: the libraries repeat those that were refused, and not all of these."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from pipelines.storage.errors import was_cut

P = ParamSpec("P")
T = TypeVar("T")

PAUSES = (0.1, 0.5, 1.0, 2.0)
"""Seconds before each further attempt."""


def repeated(request: Callable[P, T]) -> Callable[P, T]:
    """A function that calls `request` again if its answer was cut. Once or twice must be the same to the store."""

    @wraps(request)
    def whole(*arguments: P.args, **named: P.kwargs) -> T:
        for pause in PAUSES:
            try:
                return request(*arguments, **named)
            except Exception as error:
                if not was_cut(error):
                    raise
                time.sleep(pause)
        return request(*arguments, **named)

    return whole
