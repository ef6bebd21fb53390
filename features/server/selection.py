"""What a request asks for, worked out once for a plan: names, types, which columns it must bring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from features.definition.value_type import ValueType
from features.online.request import compile_request
from features.plan import Plan
from features.server.errors import RequestError

AD_HOC = "features"
"""Stands for the service where features are asked for by their names."""


class Kind(Enum):
    """What must be looked at when values are written as JSON."""

    PLAIN = 0
    FLOATING = 1  # NaN and infinity
    TIME = 2  # seconds instead of datetimes


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """A service, or a list of features, of one plan.

    Attributes:
        service: its name; `AD_HOC` for a list.
        wanted: what the reader is asked for.
        full_names: whether names are `view__feature`.
        names: of the features, in order.
        types: of each.
        kinds: how the values of each are written as JSON.
        keys: name -> type of the entity columns that a request must bring.
        values: name -> type of the request's own values that it must bring.
    """

    service: str
    wanted: str | tuple[str, ...]
    full_names: bool
    names: tuple[str, ...]
    types: tuple[ValueType, ...]
    kinds: tuple[Kind, ...]
    keys: Mapping[str, ValueType]
    values: Mapping[str, ValueType]


def select(plan: Plan, wanted: str | Sequence[str], full_names: bool) -> Selection:
    """The selection of a service's name, or of a list of `view:feature`.

    Raises:
        PlanError: the plan does not have it.
        RequestError: 422, a reference has another form, or two features would have one name.
    """
    if not isinstance(wanted, str):
        wanted = tuple(wanted)
        _check_references(wanted, full_names)
    compiled = compile_request(plan, wanted, full_names)
    types = tuple(_type(plan, view, name) for view, name in zip(compiled.views, compiled.names, strict=True))
    service = wanted if isinstance(wanted, str) else AD_HOC
    kinds = tuple(_kind(each) for each in types)
    return Selection(service, wanted, full_names, compiled.names, types, kinds, compiled.keys, compiled.values)


def _kind(value_type: ValueType) -> Kind:
    if value_type.is_floating:
        return Kind.FLOATING
    return Kind.TIME if value_type.element is ValueType.UNIX_TIMESTAMP else Kind.PLAIN


def _type(plan: Plan, view: str, name: str) -> ValueType:
    types = plan.views[view].features if view in plan.views else plan.on_demand[view].features
    return types[name.removeprefix(f"{view}__") if name not in types else name]


def _check_references(references: Sequence[str], full_names: bool) -> None:
    if not references:
        raise RequestError(422, "nothing is asked for: name a feature_service, or features as view:feature")
    seen: set[str] = set()
    for reference in references:
        view, found, feature = reference.partition(":")
        if not found or not view or not feature:
            raise RequestError(422, f"{reference!r} is no reference to a feature; one looks like view:feature")
        name = reference if full_names else feature
        if name in seen:
            hint = "" if full_names else "; with full_feature_names they have different names"
            raise RequestError(422, f"two features are named {name}{hint}")
        seen.add(name)
