"""What the readers for threads and for asyncio have in common: definitions, limits, and how a lookup begins."""

import time
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from features.online.columns import checked_columns
from features.online.definitions import Definitions
from features.online.lookup import lookup
from features.online.read import Answer, Read
from features.online.vectors import FeatureVectors
from features.plan import Plan
from features.store.address import Address, parse_address

TIMEOUT = 0.5
"""Seconds that a lookup may take if the caller does not say otherwise."""

MAX_ROWS = 100_000
"""Rows of a request, if the reader is not told otherwise."""

TRUSTED_MODULES = ("features.catalogue",)
"""Packages that a plan may name functions in, if the reader is not told otherwise."""


class BaseReader:
    """Definitions and limits of a reader. Nothing is opened before the first lookup.

    Args:
        address: of the store, or its URL.
        project: whose features; with a plan that is given, the plan's project.
        plan: the definitions; by default those that `tokenlake features apply` has put into the store, read at the
            first lookup, and again by `refresh`.
        max_rows: the most rows that one request may have.
        trusted_modules: packages that the plan may name the functions of on-demand views in. A plan comes from the
            store, and whoever can write the store should not choose what serving code imports.
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
        self.address = parse_address(address) if isinstance(address, str) else address
        self.max_rows = max_rows
        self._definitions = Definitions(self.address, project, plan, tuple(trusted_modules))

    def _steps(
        self,
        features: str | Sequence[str],
        entities: Mapping[str, Sequence[Any]],
        request: Mapping[str, Sequence[Any]] | None,
        at_us: int | None,
        full_names: bool,
        deadline: float,
    ) -> Generator[Read, Answer, FeatureVectors]:
        compiled = self._definitions.compiled(features, full_names, deadline)
        keys, values, rows = checked_columns(compiled, entities, request, self.max_rows)
        return lookup(compiled, keys, values, rows, time.time_ns() // 1000 if at_us is None else at_us)
