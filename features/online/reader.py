"""The online reader for programs with threads; `features.online.asynchronous` is the one for asyncio.

reader = OnlineReader("valkey://127.0.0.1:6379/0")
vectors = reader.get("mixture", {"source": ["python-help", "news"]})
vectors.to_dict()["kept_share"]
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from features.online.columns import checked_columns
from features.online.definitions import Definitions
from features.online.lookup import lookup
from features.online.read import Answer, Store
from features.online.vectors import FeatureVectors
from features.plan import Plan
from features.store.address import Address, SqliteAddress, parse_address

TIMEOUT = 0.5
"""Seconds that a lookup may take if the caller does not say otherwise."""

MAX_ROWS = 100_000
"""Rows of a request, if the reader is not told otherwise. A row of 50 numbers takes about 2 KB in the result."""


class OnlineReader:
    """Looks features up in an online store. Threads may share one: each that reads at one time has a connection.

    Nothing is opened before the first lookup, and a reader survives a fork.

    Args:
        address: of the store, or its URL.
        project: whose features; of a plan that is given, the plan's.
        plan: the definitions; by default those that `tokenlake features apply` has put into the store, read at the
            first lookup and again by `refresh`.
        max_rows: the most rows that one request may have.
        trusted_modules: packages that a plan from the store may name functions of on-demand views in. With a plan that
            is given, functions are imported from wherever it says.
    """

    def __init__(
        self,
        address: Address | str,
        project: str = "tokenlake",
        plan: Plan | None = None,
        max_rows: int = MAX_ROWS,
        trusted_modules: Sequence[str] = ("features.catalogue",),
    ) -> None:
        self.address = parse_address(address) if isinstance(address, str) else address
        self._definitions = Definitions(self.address, project, plan, tuple(trusted_modules))
        self._max_rows = max_rows
        self._store = _store(self.address)

    def get(
        self,
        features: str | Sequence[str],
        entities: Mapping[str, Sequence[Any]],
        request: Mapping[str, Sequence[Any]] | None = None,
        *,
        timeout: float = TIMEOUT,
        at_us: int | None = None,
        full_names: bool = False,
    ) -> FeatureVectors:
        """The features of a service, or a list of `view:feature`, for each row of the entity columns.

        Args:
            features: the service's name, or the features, in the order wanted.
            entities: a column for each join key, all of one length.
            request: a column for each value that on-demand views need; these may stand in `entities` too.
            timeout: seconds until the call ends, with a result or an error.
            at_us: the time, in microseconds since the epoch, by which freshness is judged; by default now.
            full_names: whether features are named `view__feature`.

        Raises:
            EntityKeyError: a key is missing, null, of another type or too large. The message names key and row, and
                the whole request is refused.
            PlanError: an unknown service, feature or column; columns of different lengths; too many rows.
            OnDemandError: the function of an on-demand view failed.
            StoreTimeoutError: the store did not answer in time.
            StoreError: it cannot be reached, or refuses the request.
        """
        deadline = time.monotonic() + timeout
        compiled = self._definitions.compiled(features, full_names, deadline)
        keys, values, rows = checked_columns(compiled, entities, request, self._max_rows)
        steps = lookup(compiled, keys, values, rows, time.time_ns() // 1000 if at_us is None else at_us)
        answer: Answer | None = None
        try:
            while True:
                wanted = next(steps) if answer is None else steps.send(answer)
                answer = self._store.read(wanted, deadline)
        except StopIteration as end:
            found: FeatureVectors = end.value
            return found

    def plan(self, timeout: float = TIMEOUT) -> Plan:
        """The definitions in use.

        Raises:
            PlanError: the store has no plan of this project.
            StoreError: it could not be read in time.
        """
        return self._definitions.plan(time.monotonic() + timeout)

    def refresh(self, timeout: float = TIMEOUT) -> bool:
        """Reads the plan from the store again; whether it has changed. A plan that was given stays.

        Raises:
            PlanError: the store has no plan of this project any more; the one in use stays in use.
            StoreError: it could not be read in time; likewise.
        """
        return self._definitions.refresh(time.monotonic() + timeout)

    def close(self) -> None:
        """Closes idle connections. The next lookup opens new ones."""
        self._store.close()

    def __enter__(self) -> "OnlineReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _store(address: Address) -> Store:
    from features.online.valkey_pool import ValkeyPool

    assert not isinstance(address, SqliteAddress)
    return ValkeyPool(address)
