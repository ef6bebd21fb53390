"""How long a server that could not be reached is left alone."""

import time

from features.store.errors import StoreUnavailableError

FIRST_SECONDS, LAST_SECONDS = 0.05, 1.0


class BackOff:
    """After a failure to connect, calls fail at once for a while: twice as long after each failure, a second at most.

    So a server that starts is not flooded, and serving code that can do without features does not wait for them.
    Threads may share one: that two of them try at the same time does no harm.
    """

    def __init__(self) -> None:
        self._until = 0.0
        self._seconds = 0.0
        self._last: StoreUnavailableError | None = None

    def check(self) -> None:
        """Raises the last failure again while the server is left alone.

        Raises:
            StoreUnavailableError: it is.
        """
        if self._last is not None and time.monotonic() < self._until:
            raise StoreUnavailableError(f"{self._last}; tried less than {self._seconds:.2f} s ago") from self._last

    def failed(self, error: StoreUnavailableError) -> None:
        """Leaves the server alone from now on."""
        self._seconds = min(max(self._seconds * 2, FIRST_SECONDS), LAST_SECONDS)
        self._until = time.monotonic() + self._seconds
        self._last = error

    def succeeded(self) -> None:
        """Forgets earlier failures."""
        self._last = None
        self._seconds = 0.0
