"""The plan that is served: read from the online store, and exchanged while requests go on.

A request takes the `Serving` of the moment and keeps it to its end, so no request sees two plans. When the store has a
new plan, a new `Serving` is made beside the old one and takes its place in one assignment. When the store has lost its
plan, or has one that this program cannot read, the old plan stays: definitions do not become wrong by being absent.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from features.online.asynchronous import AsyncOnlineReader
from features.plan import Plan, PlanError
from features.server.errors import RequestError
from features.server.log import Log
from features.server.selection import Selection, select
from features.server.settings import Settings
from features.store.address import Address, SqliteAddress
from features.store.errors import StoreError
from features.store.plan_store import read_plan_bytes
from features.store.sqlite_connection import opened
from features.store.valkey import ValkeyConnection

_SELECTIONS = 1_000  # that are remembered of one plan; callers can make up lists of features without end


class Serving:
    """A plan, the reader of its features, and what was asked for so far."""

    def __init__(self, plan: Plan, settings: Settings) -> None:
        self.plan = plan
        self.reader = AsyncOnlineReader(settings.address, settings.project, plan)
        self._selections: dict[tuple[str | tuple[str, ...], bool], Selection] = {}

    def selection(self, wanted: str | Sequence[str], full_names: bool) -> Selection:
        """What a service, or a list of features, is made of.

        Raises:
            PlanError: the plan does not have it.
        """
        key = (wanted if isinstance(wanted, str) else tuple(wanted), full_names)
        found = self._selections.get(key)
        if found is None:
            found = select(self.plan, wanted, full_names)
            if len(self._selections) >= _SELECTIONS:
                self._selections.clear()
            self._selections[key] = found
        return found


class Plans:
    """Holds the plan that is served, and looks for a new one from time to time.

    Args:
        settings: of the server.
        log: is told of new plans, and of what is wrong with one.
        on_change: is called with the fingerprint of a plan that begins to be served.
    """

    def __init__(self, settings: Settings, log: Log, on_change: Callable[[str], None]) -> None:
        self._settings = settings
        self._log = log
        self._on_change = on_change
        self._serving: Serving | None = None
        self._trouble = "the plan has not been read yet"
        self._retired: set[asyncio.Task[None]] = set()

    @property
    def current(self) -> Serving:
        """What is served now.

        Raises:
            RequestError: 503, there is no plan yet.
        """
        if self._serving is None:
            raise RequestError(503, self._trouble, retry_after=self._settings.plan_interval)
        return self._serving

    @property
    def trouble(self) -> str:
        """Why the plan in the store cannot be served, for instance because the store was emptied; "" if it can."""
        return self._trouble

    @property
    def fingerprint(self) -> str | None:
        """Of the plan that is served."""
        return None if self._serving is None else self._serving.plan.fingerprint

    async def refresh(self) -> None:
        """Looks at the plan in the store, and serves it if it is another one."""
        settings = self._settings
        try:
            data = await asyncio.to_thread(read_plan_bytes, settings.address, settings.project, 2.0)
            if data is None:
                self._warn(
                    f"online store {settings.address} has no plan of project {settings.project}: "
                    "run `tokenlake features apply LAKE` with this store"
                )
                return
            plan = Plan.from_json(data)
            _check_functions(plan, settings.trusted_modules)
        except (StoreError, PlanError) as error:
            self._warn(str(error))
            return
        self._trouble = ""
        if plan.fingerprint != self.fingerprint:
            self._serve(plan)

    async def close(self) -> None:
        """Closes the readers."""
        for task in self._retired:
            task.cancel()
        if self._serving is not None:
            await self._serving.reader.close()

    def _serve(self, plan: Plan) -> None:
        serving, before = Serving(plan, self._settings), self._serving
        self._serving = serving
        self._on_change(plan.fingerprint)
        self._log.event("plan", f"serving plan {plan.fingerprint}", fingerprint=plan.fingerprint)
        if before is not None:
            task = asyncio.create_task(self._retire(before))
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)

    async def _retire(self, serving: Serving) -> None:
        """Closes a reader when the last request that can use it has ended: requests have deadlines."""
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(self._settings.timeout + 1)
        await serving.reader.close()

    def _warn(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            kept = "" if self._serving is None else "; the plan as it was is still served"
            self._log.event("plan_unavailable", f"{trouble}{kept}", error=trouble)


def _check_functions(plan: Plan, trusted: Sequence[str]) -> None:
    """A plan names functions, which a reader imports; who can write the store must not choose what is imported here.

    Raises:
        PlanError: a function is in no trusted module.
    """
    for view in plan.on_demand.values():
        module = view.function.partition(":")[0]
        if not any(f"{module}.".startswith(f"{package}.") for package in trusted):
            raise PlanError(
                f"on-demand view {view.name}: the plan in the store names {view.function}, which is in no trusted "
                f"module; --trust {module} allows it"
            )


def ping(address: Address, timeout: float) -> None:
    """Returns when the store answers.

    Raises:
        StoreError: it did not, within `timeout` seconds.
    """
    if isinstance(address, SqliteAddress):
        with opened(address.path, timeout) as database:
            database.execute("SELECT 1").fetchone()
        return
    connection = ValkeyConnection(address, timeout)
    try:
        connection.call(b"PING", deadline=time.monotonic() + timeout)
    finally:
        connection.close()
