"""The online reader for programs with threads; `features.online.asynchronous` has the one for asyncio.

reader = OnlineReader("valkey://127.0.0.1:6379/0")
vectors = reader.get("mixture", {"source": ["python-help", "news"]})
vectors.to_dict()["kept_share"]
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from features.online.base import MAX_ROWS, TIMEOUT, TRUSTED_MODULES, BaseReader
from features.online.read import Store
from features.online.vectors import FeatureVectors
from features.plan import Plan
from features.store.address import Address, SqliteAddress


class OnlineReader(BaseReader):
    """Looks features up in an online store.

    Threads may share one reader: each that reads has a connection for that time, so there are as many connections as
    threads that read at once. A child process after a fork opens connections of its own.

    Args:
        address: see `BaseReader`, as the others.
        project: whose features.
        plan: the definitions, if they are not those in the store.
        max_rows: the most rows that one request may have.
        trusted_modules: packages that the plan may name functions in.
    """

    def __init__(
        self,
        address: Address | str,
        project: str = "tokenlake",
        plan: Plan | None = None,
        *,
        max_rows: int = MAX_ROWS,
        trusted_modules: Sequence[str] = TRUSTED_MODULES,
    ) -> None:
        super().__init__(address, project, plan, max_rows=max_rows, trusted_modules=trusted_modules)
        self._store = thread_store(self.address)

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
            at_us: the time by which freshness is judged, in microseconds since the epoch; by default now.
            full_names: whether features are named `view__feature`.

        Raises:
            EntityKeyError: a key is missing, null, of another type or too large. The message names key and row; the
                whole request is refused.
            PlanError: an unknown service, feature or column; columns of different lengths; too many rows.
            OnDemandError: the function of an on-demand view failed.
            StoreTimeoutError: the store did not answer in time.
            StoreError: it cannot be reached, or refuses the request.
        """
        deadline = time.monotonic() + timeout
        steps = self._steps(features, entities, request, at_us, full_names, deadline)
        try:
            wanted = next(steps)
            while True:
                wanted = steps.send(self._store.read(wanted, deadline))
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
            PlanError: the store has no plan of this project any more. The one in use stays in use.
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


def thread_store(address: Address) -> Store:
    """The store at an address, for threads."""
    if isinstance(address, SqliteAddress):
        from features.online.sqlite_pool import SqlitePool

        return SqlitePool(address)
    from features.online.valkey_pool import ValkeyPool

    return ValkeyPool(address)
