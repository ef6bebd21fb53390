"""What a training set holds: the views to join, the features to return, and what each column is called."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from features.definition.value_type import ValueType
from features.definition.view import EVENT_TIMESTAMP
from features.plan import Plan, PlannedOnDemand, PlannedView
from pipelines.errors import MisuseError

KnownAt = int | Literal["row"] | None
"""Rows of a history created later do not count: a time in microseconds; "row": each row's own event time; None: all
rows count, whenever they were created."""

_REFUSED = frozenset(" ,;{}()\n\t=")  # in names of columns of a Delta table (delta-spark, SchemaUtils)


class EntityRowsError(MisuseError, ValueError):
    """The rows to find features for lack a column, or one has the wrong type; the message names it."""


@dataclass(frozen=True)
class Source:
    """A view, and those of its features that the join must find."""

    view: PlannedView
    features: tuple[str, ...]

    @property
    def table(self) -> str:
        """The name of its Delta table."""
        return f"features_{self.view.name}"

    @property
    def keys(self) -> tuple[str, ...]:
        """Its join keys in one order, so that views of the same entities have equal ones."""
        return tuple(sorted(self.view.join_keys))


@dataclass(frozen=True)
class Specification:
    """What a service's training set is made of; the same for equal training sets of equal tables."""

    service: str
    sources: tuple[Source, ...]
    selected: tuple[tuple[str, str], ...]  # view, feature: of the service, in its order
    on_demand: tuple[PlannedOnDemand, ...]
    known_at: KnownAt = None
    full_names: bool = False

    @staticmethod
    def of(plan: Plan, service: str, known_at: KnownAt = None, full_names: bool = False) -> "Specification":
        """The training set of a service.

        Raises:
            PlanError: the plan has no such service.
        """
        planned = plan.service(service)
        on_demand = tuple(plan.on_demand[name] for name in planned.on_demand)
        selected = tuple((view, name) for view, names in planned.selections.items() for name in names)
        needed = dict.fromkeys([*selected, *(each for view in on_demand for each in view.inputs)])
        views = dict.fromkeys(view for view, _ in needed)
        sources = tuple(Source(plan.view(view), tuple(name for of, name in needed if of == view)) for view in views)
        return Specification(service, sources, selected, on_demand, known_at, full_names)

    @property
    def keys(self) -> Mapping[str, ValueType]:
        """Every join key that entity rows need."""
        return {key: dtype for source in self.sources for key, dtype in source.view.join_keys.items()}

    @property
    def request(self) -> Mapping[str, ValueType]:
        """Every value of a request that entity rows need."""
        return {name: dtype for view in self.on_demand for name, dtype in view.request.items()}

    @property
    def content(self) -> Mapping[str, object]:
        """All of it as JSON-able values, from which a fingerprint can be made."""
        return asdict(self)


@dataclass(frozen=True)
class Names:
    """What the columns of a training set are called, besides the entity rows' own."""

    selected: tuple[str, ...]  # as `Specification.selected`
    on_demand: tuple[tuple[str, ...], ...]  # of each on-demand view, its features
    statuses: tuple[str, ...]  # of each source
    event_timestamps: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """In the order in which they stand in the table."""
        beside = [name for pair in zip(self.statuses, self.event_timestamps, strict=True) for name in pair]
        return (*self.selected, *(name for names in self.on_demand for name in names), *beside)


def names(specification: Specification, columns: Sequence[str]) -> Names:
    """The names of the columns that are added to entity rows.

    A feature has its own name, or `<view>__<feature>` where `full_names` is set, or where another column has its
    name. Upper and lower case do not tell names apart: they do not in Spark.

    Args:
        specification: of the training set.
        columns: of the entity rows.

    Raises:
        EntityRowsError: two columns would have one name, or a name cannot be one in a Delta table.
    """
    computed = [(view.name, name) for view in specification.on_demand for name in view.features]
    plain = [name.lower() for name in (*columns, *(name for _, name in (*specification.selected, *computed)))]

    def named(view: str, feature: str) -> str:
        alone = not specification.full_names and plain.count(feature.lower()) == 1
        return feature if alone else f"{view}__{feature}"

    views = [source.view.name for source in specification.sources]
    made = Names(
        tuple(named(*each) for each in specification.selected),
        tuple(tuple(named(view.name, name) for name in view.features) for view in specification.on_demand),
        tuple(f"{view}__status" for view in views),
        tuple(f"{view}__{EVENT_TIMESTAMP}" for view in views),
    )
    _require_distinct([*columns, *made.all])
    return made


def _require_distinct(columns: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in columns:
        other = seen.setdefault(name.lower(), name)
        if other is not name:
            raise EntityRowsError(
                f"two columns are named {name}"
                if other == name
                else f"the columns {other} and {name} differ only in case, which Spark does not tell apart"
            )
        if _REFUSED & set(name) or not name:
            raise EntityRowsError(f"a Delta table has no column named {name!r}; rename it, to letters, digits and _")
