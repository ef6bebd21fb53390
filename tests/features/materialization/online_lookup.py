"""The newest values of entities: as the tables have them, by plain Python, and as the store has them."""

from collections.abc import Mapping
from typing import Any

from online_values import Stored, all_stored, stored

from features.plan import Plan
from lake.reading import LakeReader


def expected_now(lake: LakeReader, plan: Plan, view: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Key and features of each entity of a table, by the freshness rule."""
    planned = plan.views[view]
    names = [*planned.join_keys, *planned.features, "event_timestamp", "created"]
    best: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in lake.read_here(f"features_{view}", names).to_pylist():
        key = tuple(row[name] for name in planned.join_keys)
        time = (row["event_timestamp"], row["created"])
        if key not in best or time >= (best[key]["event_timestamp"], best[key]["created"]):
            best[key] = row
    return [
        ({name: row[name] for name in planned.join_keys}, {name: row[name] for name in planned.features})
        for row in best.values()
    ]


def online_now(url: str, plan: Plan, view: str, key: Mapping[str, Any]) -> dict[str, Any]:
    """Features of an entity in Feast's layout; the packed rows of all services must say the same."""
    return _values(plan, view, stored(url, plan, key, view))


def differences(lake: LakeReader, url: str, plan: Plan, view: str) -> list[str]:
    """The entities of a table of which the store has something else, or not all that it should have."""
    expected = expected_now(lake, plan, view)
    services = {service.name for service in plan.services.values() if view in service.selections}
    found = all_stored(url, plan, [key for key, _ in expected], view)
    return [
        f"{key}: {values} expected, {each} found"
        for (key, values), each in zip(expected, found, strict=True)
        if set(each.packed) != services or _values(plan, view, each) != values
    ]


def _values(plan: Plan, view: str, found: Stored) -> dict[str, Any]:
    for service, (at, values) in found.packed.items():
        names = plan.services[service].selections[view]
        assert at == found.at
        assert dict(zip(names, values, strict=True)) == {name: found.values[name] for name in names}
    return dict(found.values)
