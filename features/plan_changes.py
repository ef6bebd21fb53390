"""What a new plan changes for those who read and write by the old one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from features.plan import Plan, PlannedView


@dataclass(frozen=True)
class Change:
    """One difference between two plans."""

    words: str
    stale: str | None = None  # the view whose stored values are not what the new plan says


def changes(old: Plan, new: Plan) -> list[Change]:
    """The differences, views first."""
    found = list(_names("view", old.views, new.views))
    for name in (name for name in new.views if name in old.views):
        found += _of_view(old.views[name], new.views[name])
    found += _names("on-demand view", old.on_demand, new.on_demand)
    found += _changed("on-demand view", old.on_demand, new.on_demand)
    found += _names("service", old.services, new.services)
    found += _changed("service", old.services, new.services)
    return found


def _names(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    yield from (Change(f"{kind} {name}: new", name if kind == "view" else None) for name in new if name not in old)
    yield from (Change(f"{kind} {name}: removed; what the store holds of it stays") for name in old if name not in new)


def _changed(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    yield from (Change(f"{kind} {name}: changed") for name in new if name in old and new[name] != old[name])


def _of_view(old: PlannedView, new: PlannedView) -> Iterator[Change]:
    if dict(old.join_keys) != dict(new.join_keys):
        yield Change(f"view {new.name}: its keys changed, so no stored entity will be found", new.name)
    for name, value_type in new.features.items():
        before = old.features.get(name)
        if before is None:
            yield Change(f"view {new.name}: feature {name} is new", new.name)
        elif before is not value_type:
            yield Change(
                f"view {new.name}: feature {name} changed from {before.name} to {value_type.name}; its stored values "
                "will have status INVALID",
                new.name,
            )
    gone = [name for name in old.features if name not in new.features]
    yield from (Change(f"view {new.name}: feature {name} removed") for name in gone)
    if old.max_age_us != new.max_age_us:
        yield Change(f"view {new.name}: maximum age {_age(old.max_age_us)} → {_age(new.max_age_us)}")


def _age(microseconds: int | None) -> str:
    return "none" if microseconds is None else f"{microseconds / 1e6:g} s"
