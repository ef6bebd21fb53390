"""The plan that a reader follows, and the requests compiled from it."""

import threading
import time
from collections.abc import Sequence

from features.online.request import CompiledRequest, compile_request
from features.plan import Plan
from features.store.address import Address
from features.store.errors import StoreTimeoutError

KEPT = 256
"""Compiled requests that are kept. Services are few; lists of features that callers make up could be many."""


class Definitions:
    """A plan that is given, or that of the store. Threads may share one.

    Args:
        address: of the store.
        project: whose plan.
        plan: if it is given.
        trusted_modules: packages that a plan may name functions in.
    """

    def __init__(self, address: Address, project: str, plan: Plan | None, trusted_modules: tuple[str, ...]) -> None:
        self._address = address
        self._project = project
        self._is_given = plan is not None
        self._trusted = trusted_modules
        self._plan = plan
        self._requests: dict[tuple[object, bool], CompiledRequest] = {}
        self._loading = threading.Lock()

    @property
    def is_loaded(self) -> bool:
        """Whether there is a plan, so that `compiled` does not read the store."""
        return self._plan is not None

    def compiled(self, features: str | Sequence[str], full_names: bool, deadline: float) -> CompiledRequest:
        """The request for a service or a list of features.

        Raises:
            PlanError: there is no such service or feature, or no plan.
            StoreError: the plan could not be read in time.
        """
        name = (features if isinstance(features, str) else tuple(features), full_names)
        found = self._requests.get(name)
        if found is None:
            plan = self.plan(deadline)
            requests = self._requests  # of this plan, or a later one
            found = compile_request(plan, name[0], full_names, self._may_import)
            if len(requests) >= KEPT:
                requests.clear()
            if plan is self._plan:
                requests[name] = found
        return found

    def plan(self, deadline: float) -> Plan:
        """The plan; read from the store if there is none yet.

        Raises:
            PlanError: the store has none.
            StoreError: it could not be read in time.
        """
        if self._plan is None:
            if not self._loading.acquire(timeout=max(deadline - time.monotonic(), 0.0)):
                raise StoreTimeoutError(f"online store {self._address}: the plan was not read in time")
            try:
                if self._plan is None:
                    self._read(deadline)
            finally:
                self._loading.release()
        assert self._plan is not None
        return self._plan

    def refresh(self, deadline: float) -> bool:
        """Reads the store's plan again; whether it has changed.

        Raises:
            PlanError: the store has none.
            StoreError: it could not be read in time.
        """
        return not self._is_given and self._read(deadline)

    def _read(self, deadline: float) -> bool:
        from features.store.plan_store import read_plan

        plan = read_plan(self._address, self._project, max(deadline - time.monotonic(), 0.0))
        if self._plan is not None and self._plan.fingerprint == plan.fingerprint:
            return False
        self._plan, self._requests = plan, {}
        return True

    def _may_import(self, module: str) -> bool:
        return any(f"{module}.".startswith(f"{package}.") for package in self._trusted)
