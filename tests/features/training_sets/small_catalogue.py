"""Small definitions that have what a join can get wrong: several keys, shared keys, equal names, maximum ages."""

from datetime import timedelta
from typing import Any

from features.definition.value_type import ValueType
from features.definition.view import Catalogue, Columns, Entity, Feature, FeatureService, OnDemandView, View, select
from features.plan import Plan

USER = Entity("user", "user", ValueType.STRING, "")
ITEM = Entity("item", "item", ValueType.INT64, "")

USERS = View(
    "users",
    (USER,),
    (Feature("visits", ValueType.INT64, ""), Feature("country", ValueType.STRING, "")),
    "",
    max_age=timedelta(microseconds=3),
)
MOODS = View(
    "moods",
    (USER,),
    (Feature("score", ValueType.DOUBLE, ""), Feature("tags", ValueType.STRING_LIST, "")),
    "",
)
RATINGS = View(
    "ratings",
    (USER, ITEM),
    (Feature("score", ValueType.DOUBLE, ""), Feature("seen", ValueType.UNIX_TIMESTAMP, "")),
    "",
)


def surprise(columns: Columns) -> dict[str, list[Any]]:
    """How far an offered price is from the visits: a function of features and of the request."""
    pairs = zip(columns["visits"], columns["price"], strict=True)
    return {"surprise": [None if visits is None or price is None else price - visits for visits, price in pairs]}


SURPRISE = OnDemandView(
    "surprise",
    ((USERS, "visits"),),
    (Feature("price", ValueType.DOUBLE, ""),),
    (Feature("surprise", ValueType.DOUBLE, ""),),
    surprise,
    "",
)

CATALOGUE = Catalogue(
    "tests",
    (USERS, MOODS, RATINGS),
    (
        FeatureService("all", (select(USERS), select(RATINGS), select(MOODS)), ""),
        FeatureService("offer", (select(USERS, "country"),), "", on_demand=(SURPRISE,)),
    ),
    (SURPRISE,),
)
PLAN = Plan.of(CATALOGUE)
