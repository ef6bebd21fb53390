"""Definitions that contradict themselves are refused, before anything is stored under them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from features.catalogue.catalogue import CATALOGUE
from features.definition.checks import DefinitionError, checked
from features.definition.value_type import ValueType
from features.definition.view import Catalogue, Entity, Feature, FeatureService, OnDemandView, View, select
from features.freshness import is_fresh
from features.layout.field import feature_field

ITEM = Entity("item", "item_id", ValueType.INT64, "an item")


def view(name: str, *features: str, entity: Entity = ITEM) -> View:
    return View(name, (entity,), tuple(Feature(each, ValueType.INT64, "a number") for each in features), "a view")


def catalogue(*views: View, **others: object) -> Catalogue:
    return replace(Catalogue("test", views, ()), **others)  # type: ignore[arg-type]


def test_the_catalogue_of_this_project_is_sound() -> None:
    assert checked(CATALOGUE) is CATALOGUE


def colliding() -> tuple[str, str]:
    """Two features whose fields are equal: found by trying, as an unlucky project would."""
    seen: dict[bytes, str] = {}
    for number in range(1_000_000):
        name = f"f{number}"
        other = seen.setdefault(feature_field("v", name), name)
        if other != name:
            return other, name
    raise AssertionError("no collision among a million names")


def test_two_features_that_would_share_a_field_of_the_store_are_refused() -> None:
    first, second = colliding()

    with pytest.raises(DefinitionError, match=f"v:{first} and v:{second} have the same field"):
        checked(catalogue(view("v", first, second)))


def test_features_of_different_entities_may_share_a_field() -> None:
    first, second = colliding()
    other = Entity("other", "other_id", ValueType.INT64, "another")

    checked(catalogue(view("v", first), view("w", "x"), view("u", second, entity=other)))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (catalogue(view("v", "a"), view("v", "b")), "two views are named v"),
        (catalogue(view("v", "a", "a")), "view v: column a is defined twice"),
        (catalogue(view("v", "item_id")), "view v: column item_id is defined twice"),
        (catalogue(view("v", "created")), "the name created is taken"),
        (catalogue(view("v")), "needs an entity and a feature"),
        (
            catalogue(view("v", "a", entity=Entity("e", "e", ValueType.DOUBLE, "…"))),
            "entity e: a key cannot be of type DOUBLE",
        ),
        (
            catalogue(view("v", "a"), services=(FeatureService("s", (select(view("v", "a"), "b"),), "…"),)),
            "service s: view v has no feature b",
        ),
        (
            catalogue(
                view("v", "a"),
                on_demand=(OnDemandView("o", ((view("v", "a"), "b"),), (), (), lambda columns: {}, "…"),),
            ),
            "view o: its input v:b does not exist",
        ),
        (
            catalogue(
                view("v", "a"),
                on_demand=(OnDemandView("o", ((view("v", "a"), "a"),), (), (), lambda columns: {}, "…"),),
            ),
            "is no function of a module",
        ),
        (catalogue(view("v:a", "b")), "'v:a' is no name"),
        (catalogue(view("v", "ä")), "'ä' is no name"),
    ],
)
def test_a_contradiction_is_named(wrong: Catalogue, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        checked(wrong)


@pytest.mark.parametrize(
    ("age_us", "fresh"), [(-1, False), (0, True), (1, True), (60_000_000, True), (60_000_001, False)]
)
def test_a_value_counts_from_its_event_time_to_its_maximum_age_both_included(age_us: int, fresh: bool) -> None:
    at = 1_800_000_000_000_000

    assert is_fresh(at - age_us, at, timedelta(minutes=1) // timedelta(microseconds=1)) is fresh


def test_without_maximum_age_only_the_future_does_not_count() -> None:
    assert is_fresh(0, 1 << 60, None)
    assert not is_fresh(1, 0, None)
