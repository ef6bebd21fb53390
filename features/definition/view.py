"""Entities, features, views and services: the one definition that all readers and writers of features follow.

A definition says what exists, not how it is computed: `features/computation` fills a view's table, everything else
(the Feast repository, the join, materialization, the online reader, quality, documentation) follows from here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from features.definition.value_type import ValueType

Columns = Mapping[str, Sequence[Any]]
"""Column name -> values, one for each row; None where there is no value."""

EVENT_TIMESTAMP = "event_timestamp"
"""Column of every view's table: since when a row's values have been true."""

CREATED = "created"
"""Column of every view's table: since when they have been known. Of rows with equal event time the last
created holds."""


@dataclass(frozen=True)
class Entity:
    """Something that features describe, identified by one key."""

    name: str
    join_key: str
    value_type: ValueType
    about: str


@dataclass(frozen=True)
class Expectation:
    """What values must be, or their batch is refused before it reaches the online store."""

    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] | None = None  # of strings
    required: bool = False  # null only in rows that retract their entity, in which all features are null
    nan: bool = False  # whether NaN and infinity mean something


@dataclass(frozen=True)
class Feature:
    """One column of a view."""

    name: str
    value_type: ValueType
    about: str
    expect: Expectation = Expectation()


@dataclass(frozen=True)
class View:
    """Features of one entity, or of one combination of entities, that are computed together.

    Its table `features_<name>` is a history: a row for each change of an entity's values. A row whose features are all
    null says that the entity is gone since then.
    """

    name: str
    entities: tuple[Entity, ...]
    features: tuple[Feature, ...]
    about: str
    max_age: timedelta | None = None  # values older than this at the time of a request do not count; None: all count
    pushed: bool = False  # whether serving code sends rows (source `<name>_push`), besides those computed

    @property
    def table(self) -> str:
        """The name of its Delta table."""
        return f"features_{self.name}"

    @property
    def join_keys(self) -> tuple[str, ...]:
        """The names of its key columns."""
        return tuple(entity.join_key for entity in self.entities)

    @property
    def max_age_us(self) -> int | None:
        """`max_age` in microseconds."""
        return None if self.max_age is None else self.max_age // timedelta(microseconds=1)


@dataclass(frozen=True)
class OnDemandView:
    """Features computed from other features, and from values of the request, when they are asked for."""

    name: str
    inputs: tuple[tuple[View, str], ...]  # a view and the name of one of its features
    request: tuple[Feature, ...]  # values that the request brings
    features: tuple[Feature, ...]
    compute: Callable[[Columns], dict[str, list[Any]]]  # a function of a module: input columns -> feature columns
    about: str

    @property
    def function(self) -> str:
        """Where `compute` is found: `module:name`."""
        return f"{self.compute.__module__}:{self.compute.__qualname__}"


@dataclass(frozen=True)
class Selection:
    """A view and those of its features that a service returns."""

    view: View
    features: tuple[str, ...]


def select(view: View, *features: str) -> Selection:
    """These features of a view, by default all."""
    return Selection(view, features or tuple(each.name for each in view.features))


@dataclass(frozen=True)
class FeatureService:
    """The features that one consumer reads together, in this order."""

    name: str
    selections: tuple[Selection, ...]
    about: str
    on_demand: tuple[OnDemandView, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All definitions of one project."""

    project: str
    views: tuple[View, ...]
    services: tuple[FeatureService, ...]
    on_demand: tuple[OnDemandView, ...] = field(default=())

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Every entity of the views, once."""
        return tuple(dict.fromkeys(entity for view in self.views for entity in view.entities))

    def view(self, name: str) -> View:
        """The view with this name.

        Raises:
            KeyError: there is none.
        """
        return {view.name: view for view in self.views}[name]

    def service(self, name: str) -> FeatureService:
        """The service with this name.

        Raises:
            KeyError: there is none.
        """
        return {service.name: service for service in self.services}[name]
