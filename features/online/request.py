"""What a service or a list of features asks of the store, worked out once and used for every lookup."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from features.definition.value_type import ValueType
from features.layout.entity_key import EntityKeyEncoder
from features.layout.packed_row import PackedRow, packed_key
from features.layout.value_reader import reader_of
from features.online.on_demand import OnDemand
from features.online.read import HashShape, Part
from features.plan import Plan, PlanError, PlannedView


class Lookup:
    """A view, and those of its features that are read.

    Attributes:
        view: its definition.
        readers: of the features in Feast's layout, in the order in which they are read.
        packed: how packed rows are read; None where no packed row has these features.
        packed_prefix: what the keys of packed rows begin with.
        whole: everything in Feast's layout.
    """

    def __init__(self, plan: Plan, view: PlannedView, features: Sequence[str], service: str | None) -> None:
        self.view = view
        types = {name: view.features[name] for name in features}
        self.readers = tuple(map(reader_of, types.values()))
        self.packed: PackedRow | None = None
        self.packed_prefix = b""
        if service is not None:
            self.packed = PackedRow(view.name, view.join_keys, types)
            self.packed_prefix = packed_key(plan.project, service, view.name, b"")
        self.whole = HashShape(plan.project, (Part(view.name, tuple(features)),))


class KeyGroup:
    """Lookups of views that have the same join keys: an entity of theirs is one hash in Feast's layout.

    Attributes:
        encoder: of the keys.
        lookups: of these views.
        first: what is read at once: event times where there are packed rows, everything where there are none.
    """

    def __init__(self, project: str, lookups: Sequence[Lookup]) -> None:
        self.encoder = EntityKeyEncoder(lookups[0].view.join_keys)
        self.lookups = tuple(lookups)
        parts = (Part(each.view.name) if each.packed else each.whole.parts[0] for each in lookups)
        self.first = HashShape(project, tuple(parts))


@dataclass(frozen=True, slots=True)
class CompiledRequest:
    """A request without its entities.

    Attributes:
        names: of the features in the result.
        views: the view or on-demand view of each.
        places: where each is found among the columns of all lookups, then of all on-demand views; None if they are
            these columns in this order.
        groups: what is read.
        on_demand: what is computed.
        keys: name and type of the entity columns.
        values: name and type of the request values.
    """

    names: tuple[str, ...]
    views: tuple[str, ...]
    places: tuple[int, ...] | None
    groups: tuple[KeyGroup, ...]
    on_demand: tuple[OnDemand, ...]
    keys: Mapping[str, ValueType]
    values: Mapping[str, ValueType]


def compile_request(
    plan: Plan,
    wanted: str | Sequence[str],
    full_names: bool = False,
    may_import: Callable[[str], bool] = lambda _: True,
) -> CompiledRequest:
    """The request for a service, or for a list of `view:feature`.

    Args:
        plan: the definitions.
        wanted: a service's name, or features, in the order wanted; features of on-demand views too.
        full_names: whether features are named `view__feature` in the result.
        may_import: whether the function of an on-demand view may be imported from this module.

    Raises:
        PlanError: the plan does not have what is wanted, or two features would have the same name.
    """
    service = plan.service(wanted) if isinstance(wanted, str) else None
    outputs = [_named(plan, each) for each in wanted] if service is None else _outputs_of(plan, service.name)
    if not outputs:
        raise PlanError("no features are asked for")
    computed = [plan.on_demand[name] for name in dict.fromkeys(view for view, _ in outputs) if name in plan.on_demand]
    read = _by_view(
        [name for name in outputs if name[0] in plan.views] + [n for each in computed for n in each.inputs]
    )
    lookups = []
    for name, features in read.items():
        is_packed = service is not None and tuple(features) == service.selections.get(name)
        lookups.append(Lookup(plan, plan.view(name), features, service.name if service and is_packed else None))
    groups = _groups(plan.project, lookups)
    ordered = [lookup for group in groups for lookup in group.lookups]
    columns = [(each.view.name, feature) for each in ordered for feature in read[each.view.name]]
    columns += [(each.name, feature) for each in computed for feature in each.features]
    places = {name: place for place, name in enumerate(columns)}
    return CompiledRequest(
        names=_names(outputs, full_names),
        views=tuple(view for view, _ in outputs),
        places=None if columns == outputs else tuple(places[name] for name in outputs),
        groups=groups,
        on_demand=tuple(OnDemand(each, [places[name] for name in each.inputs], may_import) for each in computed),
        keys={name: value_type for each in ordered for name, value_type in each.view.join_keys.items()},
        values={name: value_type for each in computed for name, value_type in each.request.items()},
    )


def _outputs_of(plan: Plan, service: str) -> list[tuple[str, str]]:
    """View and name of a service's features; those of its on-demand views last."""
    found = plan.service(service)
    stored = [(view, feature) for view, features in found.selections.items() for feature in features]
    return stored + [(view, feature) for view in found.on_demand for feature in plan.on_demand[view].features]


def _named(plan: Plan, name: str) -> tuple[str, str]:
    """View and name of one feature.

    Raises:
        PlanError: there is no such feature.
    """
    view, colon, feature = name.partition(":")
    if not colon:
        raise PlanError(f"{name!r} names no feature; write view:feature")
    features = plan.on_demand[view].features if view in plan.on_demand else plan.view(view).features
    if feature not in features:
        raise PlanError(f"view {view} has no feature {feature!r}; it has {', '.join(features)}")
    return view, feature


def _by_view(names: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for view, feature in dict.fromkeys(names):
        found.setdefault(view, []).append(feature)
    return found


def _groups(project: str, lookups: Iterable[Lookup]) -> tuple[KeyGroup, ...]:
    by_keys: dict[frozenset[tuple[str, ValueType]], list[Lookup]] = {}
    for lookup in lookups:
        by_keys.setdefault(frozenset(lookup.view.join_keys.items()), []).append(lookup)
    return tuple(KeyGroup(project, each) for each in by_keys.values())


def _names(outputs: Sequence[tuple[str, str]], full_names: bool) -> tuple[str, ...]:
    names = tuple(f"{view}__{feature}" if full_names else feature for view, feature in outputs)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        how = "name it once" if full_names or len(set(outputs)) < len(outputs) else "ask for full names"
        raise PlanError(f"two of the features asked for are named {twice}: {how}")
    return names
