"""A request that cannot be answered is refused with words that say what is wrong, before anything is read."""

from datetime import datetime
from typing import Any

import pytest
from stores import NOW, PLAN

from features.definition.value_type import ValueType
from features.layout.entity_key import MAX_KEY_BYTES, EntityKeyError
from features.online.on_demand import OnDemandError
from features.online.reader import OnlineReader
from features.plan import Plan, PlanError, PlannedOnDemand, PlannedService, PlannedView
from features.store.address import parse_address
from features.store.plan_store import publish_plan

NOWHERE = "valkey://127.0.0.1:1"
"""Nothing listens there: what is refused here was refused without a store."""

A_PAIR = {"source": ["de"], "target": ["en"], "doc_id": ["a"]}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["a", 7], "row 1: key doc_id: STRING expected, not int"),
        (["a", None], "row 1: key doc_id is missing, or null"),
        ([b"a"], "row 0: key doc_id: STRING expected, not bytes"),
        (["a", "b", "x" * (MAX_KEY_BYTES + 1)], "row 2: key doc_id: 8,193 bytes; at most 8,192"),
        (["\ud800"], "row 0: key doc_id: the text is not valid Unicode"),
    ],
)
def test_a_key_that_is_none_is_named_with_its_row(keys: list[Any], words: str):
    with pytest.raises(EntityKeyError, match=words):
        OnlineReader(NOWHERE, plan=PLAN).get("curation", {"doc_id": keys})


@pytest.mark.parametrize(
    ("value_type", "value", "words"),
    [
        (ValueType.INT32, 1 << 31, "2147483648 is not a value of INT32"),
        (ValueType.INT64, 1 << 63, "is not a value of INT64"),
        (ValueType.INT64, True, "INT64 expected, not bool"),
        (ValueType.INT64, "7", "INT64 expected, not str"),
        (ValueType.INT64, 7.0, "INT64 expected, not float"),
        (ValueType.BYTES, "x", "BYTES expected, not str"),
        (ValueType.UNIX_TIMESTAMP, datetime(2026, 1, 1), "UNIX_TIMESTAMP expected, not datetime"),
    ],
)
def test_keys_of_every_type_are_checked(value_type: ValueType, value: Any, words: str):
    view = PlannedView("v", {"id": value_type}, {"f": ValueType.BOOL}, None)
    plan = Plan("p", {"v": view}, {}, {})

    with pytest.raises(EntityKeyError, match=f"row 0: key id.*{words}"):
        OnlineReader(NOWHERE, plan=plan).get(["v:f"], {"id": [value]})


@pytest.mark.parametrize(
    ("wanted", "entities", "error", "words"),
    [
        ("curations", {}, PlanError, "no feature service 'curations'; there are curation, gateway"),
        (["document:token"], {}, PlanError, "view document has no feature 'token'; it has tokens, title, reasons"),
        (["documents:tokens"], {}, PlanError, "no feature view 'documents'; there are decision, document, pair"),
        (["tokens"], {}, PlanError, "'tokens' names no feature; write view:feature"),
        ([], {}, PlanError, "no features are asked for"),
        (["document:tokens"] * 2, {}, PlanError, "two of the features asked for are named tokens: name it once"),
        ("curation", {}, EntityKeyError, "key doc_id is missing; the keys of this request are doc_id"),
        ("curation", {"doc_id": ["a"], "doc": ["a"]}, PlanError, "unknown column 'doc': .*keys.* are doc_id"),
        ("curation", {"doc_id": "abc"}, PlanError, r"column doc_id is no list: write \['abc'\] for one row"),
        ("curation", {"doc_id": 7}, PlanError, "column doc_id is no list"),
        ("gateway", {**A_PAIR, "doc_id": ["a", "b"], "characters": [1]}, PlanError, "differ in length: source 1,"),
        ("gateway", A_PAIR, PlanError, "request value characters is missing"),
        ("gateway", {**A_PAIR, "characters": ["9"]}, PlanError, "row 0: .* characters: INT64 expected, not str"),
        ("gateway", {**A_PAIR, "characters": [True]}, PlanError, "row 0: .* characters: INT64 expected, not bool"),
        (
            "gateway",
            {**A_PAIR, "characters": [1 << 63]},
            PlanError,
            "characters: INT64 expected, not 9223372036854775808",
        ),
    ],
)
def test_what_does_not_fit_the_definitions_is_refused(wanted: Any, entities: dict, error: type, words: str):
    with pytest.raises(error, match=words):
        OnlineReader(NOWHERE, plan=PLAN).get(wanted, entities)


def test_features_of_one_name_need_full_names(store: str):
    views = {
        name: PlannedView(name, {"id": ValueType.INT64}, {"count": ValueType.INT64}, None) for name in ("one", "two")
    }
    plan = Plan("p", views, {"s": PlannedService("s", {"one": ("count",), "two": ("count",)}, ())}, {})
    reader = OnlineReader(store, plan=plan)

    with pytest.raises(PlanError, match="named count: ask for full names"):
        reader.get("s", {"id": [1]})
    assert reader.get("s", {"id": [1]}, full_names=True).names == ("one__count", "two__count")


def test_a_store_without_a_plan_says_how_to_make_one(url: str):
    with pytest.raises(PlanError, match="has no plan of project p: run `tokenlake features apply"):
        OnlineReader(url, "p").get("curation", {"doc_id": ["a"]})


def on_demand(function: str) -> Plan:
    view = PlannedOnDemand("limit", (("pair", "ratio"),), {}, {"longest": ValueType.DOUBLE}, function)
    return Plan("p", PLAN.views, {}, {"limit": view})


def failing(columns: Any) -> Any:
    return {"longest": [1 / 0]}


def short(columns: Any) -> Any:
    return {"longest": []}


@pytest.mark.parametrize(
    ("function", "error", "words"),
    [
        (f"{__name__}:failing", OnDemandError, "limit: .*failing: ZeroDivisionError"),
        (f"{__name__}:short", OnDemandError, "did not return 1 rows"),
        (f"{__name__}:absent", PlanError, "there is no .*:absent here"),
        ("no_such_module:f", PlanError, "there is no no_such_module:f here"),
    ],
)
def test_a_function_that_fails_is_named(store: str, function: str, error: type, words: str):
    reader = OnlineReader(store, plan=on_demand(function), trusted_modules=[__name__, "no_such_module"])

    with pytest.raises(error, match=words):
        reader.get(["limit:longest"], {"source": ["de"], "target": ["en"]}, at_us=NOW)


@pytest.mark.parametrize("is_given", [True, False])
def test_a_plan_cannot_make_a_reader_import_anything(store: str, is_given: bool):
    plan = on_demand(f"{__name__}:failing")
    publish_plan(parse_address(store), plan)
    given = plan if is_given else None
    asked = (["limit:longest"], {"source": ["de"], "target": ["en"]})

    with pytest.raises(PlanError, match="trusted_modules"):
        OnlineReader(store, "p", given).get(*asked)
    with pytest.raises(OnDemandError):
        OnlineReader(store, "p", given, trusted_modules=[__name__]).get(*asked)
