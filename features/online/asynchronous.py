"""The online reader for asyncio; `features.online.reader` has the one for threads, and the words on arguments."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from features.online.base import MAX_ROWS, TIMEOUT, TRUSTED_MODULES, BaseReader
from features.online.read import Answer, Read
from features.online.reader import thread_store
from features.online.valkey_shared import ValkeyShared
from features.online.vectors import FeatureVectors
from features.plan import Plan
from features.store.address import Address, SqliteAddress, ValkeyAddress


class AsyncOnlineReader(BaseReader):
    """Looks features up in an online store, for many tasks at once.

    Tasks share one connection for each event loop; their requests follow one another on it without waiting. The
    embedded store is read by threads.

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
        given = self.address
        self._store = ValkeyShared(given) if isinstance(given, ValkeyAddress) else _Threads(given)

    async def get(
        self,
        features: str | Sequence[str],
        entities: Mapping[str, Sequence[Any]],
        request: Mapping[str, Sequence[Any]] | None = None,
        *,
        timeout: float = TIMEOUT,
        at_us: int | None = None,
        full_names: bool = False,
    ) -> FeatureVectors:
        """As `OnlineReader.get`. A task that is cancelled leaves the connection as it is for the others."""
        deadline = time.monotonic() + timeout
        if not self._definitions.is_loaded:
            await asyncio.to_thread(self._definitions.plan, deadline)
        steps = self._steps(features, entities, request, at_us, full_names, deadline)
        try:
            wanted = next(steps)
            while True:
                wanted = steps.send(await self._store.read(wanted, deadline))
        except StopIteration as end:
            found: FeatureVectors = end.value
            return found

    async def plan(self, timeout: float = TIMEOUT) -> Plan:
        """As `OnlineReader.plan`."""
        return await asyncio.to_thread(self._definitions.plan, time.monotonic() + timeout)

    async def refresh(self, timeout: float = TIMEOUT) -> bool:
        """As `OnlineReader.refresh`."""
        return await asyncio.to_thread(self._definitions.refresh, time.monotonic() + timeout)

    async def close(self) -> None:
        """Closes the connection of this loop. The next lookup opens a new one."""
        self._store.close()

    async def __aenter__(self) -> "AsyncOnlineReader":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Threads:
    """A store for threads, read in the loop's pool of threads."""

    def __init__(self, address: SqliteAddress) -> None:
        self._store = thread_store(address)

    async def read(self, wanted: Read, deadline: float) -> Answer:
        return await asyncio.to_thread(self._store.read, wanted, deadline)

    def close(self) -> None:
        self._store.close()
