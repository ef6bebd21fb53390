"""Features that a function computes from other features, and from values of the request."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from features.freshness import Status
from features.online.integers import is_too_large
from features.online.source import Source
from features.plan import PlanError, PlannedOnDemand
from pipelines.errors import TokenlakeError

Function = Callable[[Mapping[str, Sequence[Any]]], Mapping[str, Sequence[Any]]]


class OnDemandError(TokenlakeError, RuntimeError):
    """The function of an on-demand view failed, or returned something else than its features."""


class OnDemand:
    """An on-demand view in one request.

    Args:
        view: its definition.
        inputs: the places of its inputs among the columns that are read, in the order of `view.inputs`.
        may_import: whether its function may be imported from this module.
    """

    def __init__(self, view: PlannedOnDemand, inputs: Sequence[int], may_import: Callable[[str], bool]) -> None:
        self.view = view
        self._inputs = tuple(zip((feature for _, feature in view.inputs), inputs, strict=True))
        self._may_import = may_import
        self._function: Function | None = None

    def compute(self, read: Sequence[Sequence[Any]], values: Mapping[str, Sequence[Any]], rows: int) -> Source:
        """Its features for each row. An integer that the type of its feature cannot hold is INVALID.

        Args:
            read: the columns that are read.
            values: columns of the request, checked.
            rows: how many there are.

        Raises:
            OnDemandError: the function failed.
            PlanError: there is no such function, or it may not be imported.
        """
        if self._function is None:
            self._function = self._imported()
        columns = {name: read[place] for name, place in self._inputs}
        columns.update((name, values[name]) for name in self.view.request)
        try:
            found = self._function(columns)
            computed = [list(found[name]) for name in self.view.features]
        except Exception as error:
            raise OnDemandError(f"on-demand view {self.view.name}: {self.view.function}: {error!r}") from error
        if any(len(column) != rows for column in computed):
            raise OnDemandError(f"on-demand view {self.view.name}: {self.view.function} did not return {rows:,} rows")
        statuses = [
            [int(Status.NULL_VALUE if value is None else Status.PRESENT) for value in column] for column in computed
        ]
        for column, status, value_type in zip(computed, statuses, self.view.features.values(), strict=True):
            for row in [row for row, value in enumerate(column) if is_too_large(value, value_type)]:
                column[row], status[row] = None, int(Status.INVALID)
        return Source([None] * rows, computed, statuses)

    def _imported(self) -> Function:
        module, _, name = self.view.function.partition(":")
        if not self._may_import(module):
            raise PlanError(
                f"on-demand view {self.view.name}: the plan names {self.view.function}, which is in none of the "
                f"packages that this reader imports functions from; if it should be, name {module} in "
                "`trusted_modules`"
            )
        try:
            function: Function = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise PlanError(
                f"on-demand view {self.view.name}: there is no {self.view.function} here: {error}"
            ) from error
        return function
