"""The plan: what a reader or writer of the online store must know of the definitions, frozen as JSON.

`tokenlake features apply` writes it beside the lake's tables and into the online store. Serving code needs the plan
and the store; it imports neither the catalogue nor what computes features.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from features.definition.value_type import ValueType
from features.definition.view import Catalogue, Feature, FeatureService, OnDemandView, View
from pipelines.errors import MisuseError

FORMAT = 1
"""Version of the plan's JSON."""

Types = Mapping[str, ValueType]
"""Name -> type, in order."""


class PlanError(MisuseError, ValueError):
    """A plan cannot be read, or does not have what is asked of it; the message says what there is."""


@dataclass(frozen=True)
class PlannedView:
    """A view, as the store holds it."""

    name: str
    join_keys: Types
    features: Types
    max_age_us: int | None  # microseconds


@dataclass(frozen=True)
class PlannedOnDemand:
    """Features that a function computes from others."""

    name: str
    inputs: tuple[tuple[str, str], ...]  # view, feature
    request: Types
    features: Types
    function: str  # module:name


@dataclass(frozen=True)
class PlannedService:
    """What one consumer reads."""

    name: str
    selections: Mapping[str, tuple[str, ...]]  # view -> features, in order
    on_demand: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """All views and services of a project."""

    project: str
    views: Mapping[str, PlannedView]
    services: Mapping[str, PlannedService]
    on_demand: Mapping[str, PlannedOnDemand]

    @staticmethod
    def of(catalogue: Catalogue) -> "Plan":
        """The plan of these definitions."""
        return Plan(
            catalogue.project,
            {view.name: _view(view) for view in catalogue.views},
            {service.name: _service(service) for service in catalogue.services},
            {each.name: _on_demand(each) for each in catalogue.on_demand},
        )

    def view(self, name: str) -> PlannedView:
        """The view with this name.

        Raises:
            PlanError: there is none.
        """
        if name not in self.views:
            raise PlanError(f"no feature view {name!r}; there are {', '.join(sorted(self.views))}")
        return self.views[name]

    def service(self, name: str) -> PlannedService:
        """The service with this name.

        Raises:
            PlanError: there is none.
        """
        if name not in self.services:
            raise PlanError(f"no feature service {name!r}; there are {', '.join(sorted(self.services))}")
        return self.services[name]

    def to_json(self) -> str:
        """As JSON, the same for equal plans."""
        return json.dumps({"format": FORMAT, **asdict(self)}, separators=(",", ":"))

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that differ between plans that differ."""
        return hashlib.blake2b(self.to_json().encode(), digest_size=8).hexdigest()

    @staticmethod
    def from_json(text: str | bytes) -> "Plan":
        """The reverse of `to_json`.

        Raises:
            PlanError: the text is no plan, or one of another version.
        """
        try:
            found = json.loads(text)
            if found["format"] != FORMAT:
                raise PlanError(
                    f"the plan has format {found['format']}, this program reads {FORMAT}: run `apply` again"
                )
            return Plan(
                found["project"],
                {name: _view_of(each) for name, each in found["views"].items()},
                {name: _service_of(each) for name, each in found["services"].items()},
                {name: _on_demand_of(each) for name, each in found["on_demand"].items()},
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, PlanError):
                raise
            raise PlanError(f"this is no plan of features: {error!r}; run `tokenlake features apply`") from error


def plan_key(project: str) -> bytes:
    """The key of the online store that holds a project's plan."""
    return f"tokenlake:plan:{project}".encode()


def _types(features: "tuple[Feature, ...]") -> dict[str, ValueType]:
    return {feature.name: feature.value_type for feature in features}


def _view(view: View) -> PlannedView:
    keys = {entity.join_key: entity.value_type for entity in view.entities}
    return PlannedView(view.name, keys, _types(view.features), view.max_age_us)


def _service(service: FeatureService) -> PlannedService:
    selections = {each.view.name: each.features for each in service.selections}
    return PlannedService(service.name, selections, tuple(each.name for each in service.on_demand))


def _on_demand(view: OnDemandView) -> PlannedOnDemand:
    inputs = tuple((each.name, feature) for each, feature in view.inputs)
    return PlannedOnDemand(view.name, inputs, _types(view.request), _types(view.features), view.function)


def _types_of(found: Mapping[str, int]) -> dict[str, ValueType]:
    return {name: ValueType(number) for name, number in found.items()}


def _view_of(found: Mapping[str, Any]) -> PlannedView:
    return PlannedView(found["name"], _types_of(found["join_keys"]), _types_of(found["features"]), found["max_age_us"])


def _service_of(found: Mapping[str, Any]) -> PlannedService:
    selections = {view: tuple(features) for view, features in found["selections"].items()}
    return PlannedService(found["name"], selections, tuple(found["on_demand"]))


def _on_demand_of(found: Mapping[str, Any]) -> PlannedOnDemand:
    return PlannedOnDemand(
        found["name"],
        tuple((view, feature) for view, feature in found["inputs"]),
        _types_of(found["request"]),
        _types_of(found["features"]),
        found["function"],
    )
