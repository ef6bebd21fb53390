"""The last step in a task: features on demand are computed, columns get their names and order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pyarrow as pa

from features.definition.value_type import ValueType
from features.definition.view import Columns
from features.plan import PlanError, PlannedOnDemand
from features.tables import arrow_type
from features.training_sets.passes import event_name, status_name, value_name
from features.training_sets.specification import Specification, names
from pipelines.errors import TokenlakeError
from pipelines.tables import TIMESTAMP

Batches = Iterator[pa.RecordBatch]


class OnDemandError(TokenlakeError, RuntimeError):
    """The function of an on-demand view failed, or returned something else than its features."""


@dataclass(frozen=True)
class Finishing:
    """A function of the batches that come out of the last pass."""

    specification: Specification
    entities: int  # columns of entity rows
    schema: pa.Schema  # entity rows, features, features on demand, then status and event time of each view

    @staticmethod
    def of(entities: pa.Schema, specification: Specification) -> "Finishing":
        """For entity rows with these columns."""
        named, sources = names(specification, entities.names), specification.sources
        types = [arrow_type(dtypes[feature]) for dtypes, feature in _selected(specification)]
        types += [arrow_type(dtype) for view in specification.on_demand for dtype in view.features.values()]
        types += [pa.int8(), TIMESTAMP] * len(sources)
        added = [pa.field(name, dtype) for name, dtype in zip(named.all, types, strict=True)]
        return Finishing(specification, len(entities), pa.schema([*entities, *added]))

    def __call__(self, batches: Batches) -> Batches:
        """Each batch by itself."""
        return map(self._finished, batches)

    def _finished(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        sources = self.specification.sources
        place = {
            (source.view.name, feature): value_name(number, place)
            for number, source in enumerate(sources)
            for place, feature in enumerate(source.features)
        }
        columns = [batch.column(number) for number in range(self.entities)]
        columns += [batch.column(place[each]) for each in self.specification.selected]
        request = dict(zip(self.schema.names[: self.entities], columns, strict=False))
        for view in self.specification.on_demand:
            inputs = {feature: batch.column(place[of, feature]) for of, feature in view.inputs}
            columns += computed(view, {**inputs, **{name: request[name] for name in view.request}})
        for number in range(len(sources)):
            columns += [batch.column(status_name(number)), batch.column(event_name(number))]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def _selected(specification: Specification) -> Iterator[tuple[Mapping[str, ValueType], str]]:
    types = {source.view.name: source.view.features for source in specification.sources}
    return ((types[view], feature) for view, feature in specification.selected)


def computed(view: PlannedOnDemand, columns: Mapping[str, pa.Array]) -> list[pa.Array]:
    """The features of an on-demand view, by the function that a lookup calls, from its inputs of some rows.

    Raises:
        OnDemandError: the function failed, or returned no value of a feature's type for some row.
        PlanError: there is no such function.
    """
    rows = len(next(iter(columns.values())))
    try:
        found = _function(view)({name: column.to_pylist() for name, column in columns.items()})
        made = [pa.array(found[name], arrow_type(dtype)) for name, dtype in view.features.items()]
    except Exception as error:
        if isinstance(error, PlanError):
            raise
        raise OnDemandError(f"on-demand view {view.name}: {view.function}: {error!r}") from error
    if any(len(column) != rows for column in made):
        raise OnDemandError(f"on-demand view {view.name}: {view.function} did not return {rows:,} rows")
    return made


def _function(view: PlannedOnDemand) -> Callable[[Columns], Mapping[str, Sequence[Any]]]:
    module, _, name = view.function.partition(":")
    try:
        found: Callable[[Columns], Mapping[str, Sequence[Any]]] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise PlanError(f"on-demand view {view.name}: there is no {view.function} here: {error}") from error
    return found
