"""What `apply` says about a plan that differs from the published one."""

from dataclasses import replace

import pytest

from features.catalogue.catalogue import CATALOGUE
from features.definition.value_type import ValueType
from features.plan import Plan
from features.plan_changes import Change, changes

PLAN = Plan.of(CATALOGUE)
VIEW = PLAN.view("source_quality")
SERVICE = PLAN.service("translation_request")


def with_view(**changed: object) -> Plan:
    view = replace(VIEW, **changed)  # type: ignore[arg-type]
    return replace(PLAN, views={**PLAN.views, view.name: view})


def with_service(**changed: object) -> Plan:
    service = replace(SERVICE, **changed)  # type: ignore[arg-type]
    return replace(PLAN, services={**PLAN.services, service.name: service})


def without(kind: str, name: str) -> Plan:
    return replace(PLAN, **{kind: {key: each for key, each in getattr(PLAN, kind).items() if key != name}})


FEWER = {name: each for name, each in VIEW.features.items() if name != "tokens"}
PROFILE_ONLY = {"client_profile": SERVICE.selections["client_profile"]}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (PLAN, PLAN, []),
        (without("views", "source_quality"), PLAN, [Change("view source_quality: new", ("source_quality",))]),
        (
            PLAN,
            without("views", "source_quality"),
            [Change("view source_quality: removed; its values stay in the store")],
        ),
        (
            with_view(features=FEWER),
            PLAN,
            [Change("view source_quality: feature tokens is new", ("source_quality",))],
        ),
        (PLAN, with_view(features=FEWER), [Change("view source_quality: feature tokens removed")]),
        (
            with_view(features={**VIEW.features, "tokens": ValueType.FLOAT}),
            PLAN,
            [
                Change(
                    "view source_quality: feature tokens changed from FLOAT to INT64; its stored values will have "
                    "status INVALID",
                    ("source_quality",),
                )
            ],
        ),
        (
            with_view(join_keys={"source": ValueType.INT64}),
            PLAN,
            [Change("view source_quality: its keys changed, so no stored entity will be found", ("source_quality",))],
        ),
        (with_view(max_age_us=None), PLAN, [Change("view source_quality: maximum age none → 7,776,000 s")]),
        (without("services", "mixture"), PLAN, [Change("service mixture: new", ("source_quality",))]),
        (PLAN, without("services", "mixture"), [Change("service mixture: removed")]),
        (
            with_service(selections={**SERVICE.selections, "client_profile": ("tier",)}),
            PLAN,
            [Change("service translation_request: reads other features of client_profile", ("client_profile",))],
        ),
        (
            PLAN,
            with_service(selections=PROFILE_ONLY, on_demand=()),
            [
                Change("service translation_request: no longer reads language_pair_statistics"),
                Change("service translation_request: no longer reads client_usage"),
                Change("service translation_request: computes nothing on demand"),
            ],
        ),
        (without("on_demand", "client_allowance"), PLAN, [Change("view on demand client_allowance: new")]),
        (PLAN, without("on_demand", "client_allowance"), [Change("view on demand client_allowance: removed")]),
    ],
)
def test_each_difference_is_said(old: Plan, new: Plan, expected: list[Change]):
    assert changes(old, new) == expected
