"""What a new plan changes for those who read and write by the old one."""

from collections.abc import Iterator
from dataclasses import dataclass

from features.plan import Plan, PlannedService, PlannedView


@dataclass(frozen=True)
class Change:
    """One difference between two plans."""

    words: str
    anew: tuple[str, ...] = ()  # views that must be written to the store again


def changes(old: Plan, new: Plan) -> list[Change]:
    """The differences, views first."""
    return [*_of_views(old, new), *_of_on_demand(old, new), *_of_services(old, new)]


def _of_views(old: Plan, new: Plan) -> Iterator[Change]:
    for name, view in new.views.items():
        if name in old.views:
            yield from _of_view(old.views[name], view)
        else:
            yield Change(f"view {name}: new", (name,))
    for name in old.views:
        if name not in new.views:
            yield Change(f"view {name}: removed; its values stay in the store")


def _of_view(old: PlannedView, new: PlannedView) -> Iterator[Change]:
    anew = (new.name,)
    if dict(old.join_keys) != dict(new.join_keys):
        yield Change(f"view {new.name}: its keys changed, so no stored entity will be found", anew)
    for name, value_type in new.features.items():
        before = old.features.get(name)
        if before is None:
            yield Change(f"view {new.name}: feature {name} is new", anew)
        elif before is not value_type:
            yield Change(
                f"view {new.name}: feature {name} changed from {before.name} to {value_type.name}; its stored values "
                "will have status INVALID",
                anew,
            )
    for name in old.features:
        if name not in new.features:
            yield Change(f"view {new.name}: feature {name} removed")
    if old.max_age_us != new.max_age_us:
        yield Change(f"view {new.name}: maximum age {_age(old.max_age_us)} → {_age(new.max_age_us)}")


def _of_on_demand(old: Plan, new: Plan) -> Iterator[Change]:
    for name, view in new.on_demand.items():
        if view != old.on_demand.get(name):
            yield Change(f"view on demand {name}: {'changed' if name in old.on_demand else 'new'}")
    yield from (Change(f"view on demand {name}: removed") for name in old.on_demand if name not in new.on_demand)


def _of_services(old: Plan, new: Plan) -> Iterator[Change]:
    """A service's packed rows are written with its views; until then it reads Feast's layout, which takes longer."""
    for name, service in new.services.items():
        if name in old.services:
            yield from _of_service(old.services[name], service)
        else:
            yield Change(f"service {name}: new", tuple(service.selections))
    yield from (Change(f"service {name}: removed") for name in old.services if name not in new.services)


def _of_service(old: PlannedService, new: PlannedService) -> Iterator[Change]:
    for view, features in new.selections.items():
        if old.selections.get(view) != features:
            yield Change(f"service {new.name}: reads other features of {view}", (view,))
    for view in old.selections:
        if view not in new.selections:
            yield Change(f"service {new.name}: no longer reads {view}")
    if old.on_demand != new.on_demand:
        yield Change(f"service {new.name}: computes {', '.join(new.on_demand) or 'nothing'} on demand")


def _age(microseconds: int | None) -> str:
    return "none" if microseconds is None else f"{microseconds / 1e6:,.10g} s"
