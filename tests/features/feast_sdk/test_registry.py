"""Feast's registry says what the catalogue says, and what was materialized; nothing that it records stops a lookup."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import by_hand
import feast
import pytest
from all_types import ALL_TYPES, EVERY_TYPE, sdk
from feast.infra.registry.registry import Registry
from feast.repo_config import RegistryConfig

from features.catalogue.catalogue import CATALOGUE
from features.catalogue.on_demand import client_allowance, translation_budget
from features.definition.value_type import ValueType
from features.definition.view import Catalogue, FeatureService, View, select
from features.feast_registry import FILE, apply_definitions, record_materialization
from features.store.address import parse_address
from jobs.cli import main
from pipelines.errors import TokenlakeError

PROJECT = CATALOGUE.project
START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
pytestmark = pytest.mark.filterwarnings("ignore:.* experimental feature:RuntimeWarning")


def registry_of(lake: Path, project: str = PROJECT) -> Registry:
    """The registry as Feast reads it."""
    return Registry(project, RegistryConfig(path=str(lake / FILE)), None)


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake to which `tokenlake features apply` was applied. Tests only read it."""
    lake = tmp_path_factory.mktemp("lake")
    assert main(["features", "apply", str(lake)]) == 0
    return lake


@pytest.mark.parametrize("view", CATALOGUE.views, ids=lambda view: view.name)
def test_a_view_has_our_fields_types_and_maximum_age(applied: Path, view: View):
    found = registry_of(applied).get_feature_view(view.name, PROJECT)

    assert _types(found.features) == {each.name: each.value_type for each in view.features}
    assert _types(found.entity_columns) == {each.join_key: each.value_type for each in view.entities}
    assert found.entities == [each.name for each in view.entities]
    assert found.ttl == (view.max_age or timedelta(0))
    assert found.batch_source.path == f"{applied}/{view.table}"
    assert found.batch_source.table_format.format_type.value == "delta"
    assert (found.batch_source.timestamp_field, found.batch_source.created_timestamp_column) == (
        "event_timestamp",
        "created",
    )
    assert (found.stream_source.name if found.stream_source else None) == (
        f"{view.name}_push" if view.pushed else None
    )


def test_entities_have_our_keys(applied: Path):
    found = {
        each.name: (each.join_key, int(each.value_type.value)) for each in registry_of(applied).list_entities(PROJECT)
    }

    ours = {each.name: (each.join_key, each.value_type) for each in CATALOGUE.entities}
    assert found == ours | {"__dummy": ("__dummy_id", 0)}  # Feast's, of views on demand


@pytest.mark.parametrize("service", CATALOGUE.services, ids=lambda service: service.name)
def test_a_service_selects_our_features(applied: Path, service: FeatureService):
    found = registry_of(applied).get_feature_service(service.name, PROJECT)

    selected = {each.name: tuple(field.name for field in each.features) for each in found.feature_view_projections}
    ours = {each.view.name: each.features for each in service.selections}
    assert selected == ours | {each.name: tuple(one.name for one in each.features) for each in service.on_demand}


def test_views_on_demand_call_our_functions(applied: Path):
    found = {each.name: each for each in registry_of(applied).list_on_demand_feature_views(PROJECT)}

    assert found["translation_budget"].feature_transformation.udf is translation_budget
    assert found["client_allowance"].feature_transformation.udf is client_allowance


def test_the_sdk_computes_features_on_demand(tmp_path: Path, store: str):
    address = parse_address(store)
    pairs, profile = CATALOGUE.view("language_pair_statistics"), CATALOGUE.view("client_profile")
    row = {each.name: 40 if each.value_type is ValueType.INT64 else 0.5 for each in pairs.features}
    limits = {"domain": "legal", "tier": "free", "requests_per_minute": 3, "characters_per_day": 1000}
    by_hand.write(address, PROJECT, pairs, {"source_language": "de", "target_language": "en"}, row, 1)
    by_hand.write(address, PROJECT, profile, {"client_id": "acme"}, limits, 1)
    online = sdk(tmp_path, address, CATALOGUE)

    known = {"source_language": "de", "target_language": "en", "client_id": "acme", "source_characters": 100}
    unknown = known | {"source_language": "xx", "client_id": "nobody"}
    found = online.get_online_features(online.get_feature_service("translation_request"), [known, unknown]).to_dict()

    assert found["expected_target_characters"] == [50.0, None]
    assert found["target_token_limit"] == [416, None]  # 100 * (0.5 + 3 * 0.5) / 0.5 + 16
    assert found["remaining_characters"] == [1000, None]


def test_applying_again_changes_no_versions_and_forgets_no_materialization(tmp_path: Path):
    apply_definitions(str(tmp_path), CATALOGUE)
    record_materialization(str(tmp_path / FILE), PROJECT, "source_quality", START, END)

    apply_definitions(str(tmp_path), CATALOGUE)

    registry = registry_of(tmp_path)
    assert registry.get_feature_view("source_quality", PROJECT).materialization_intervals == [(START, END)]
    assert {each.current_version_number for each in registry.list_all_feature_views(PROJECT)} <= {None, 0}


def test_what_is_no_longer_defined_leaves_the_registry(tmp_path: Path):
    apply_definitions(str(tmp_path), CATALOGUE)
    kept = CATALOGUE.view("source_quality")

    apply_definitions(str(tmp_path), Catalogue(PROJECT, (kept,), (FeatureService("mixture", (select(kept),), "…"),)))

    registry = registry_of(tmp_path)
    assert [each.name for each in registry.list_all_feature_views(PROJECT)] == ["source_quality"]
    assert [each.name for each in registry.list_feature_services(PROJECT)] == ["mixture"]
    assert [each.name for each in registry.list_entities(PROJECT)] == ["source", "__dummy"]
    assert [each.name for each in registry.list_data_sources(PROJECT)] == ["features_source_quality"]


def test_a_type_that_changes_reaches_the_registry(tmp_path: Path):
    apply_definitions(str(tmp_path), ALL_TYPES)
    changed = replace(EVERY_TYPE, features=(replace(EVERY_TYPE.features[0], value_type=ValueType.STRING),))

    apply_definitions(str(tmp_path), Catalogue(ALL_TYPES.project, (changed,), ()))

    found = registry_of(tmp_path, ALL_TYPES.project).get_feature_view("every_type", ALL_TYPES.project)
    assert _types(found.features) == {"bytes": ValueType.STRING}


def test_a_materialization_is_recorded_and_the_view_stays_readable(tmp_path: Path, store: str):
    apply_definitions(str(tmp_path), ALL_TYPES)
    online = sdk(tmp_path, parse_address(store))
    row = dict.fromkeys((each.name for each in EVERY_TYPE.features), None) | {"int32": 3}
    by_hand.write(parse_address(store), ALL_TYPES.project, EVERY_TYPE, {"thing_id": "x"}, row, 1)

    assert record_materialization(str(tmp_path / FILE), ALL_TYPES.project, "every_type", START, END)

    online.refresh_registry()
    view = online.get_feature_view("every_type")
    assert view.materialization_intervals == [(START, END)]
    assert view.state is feast.FeatureViewState.AVAILABLE_ONLINE
    assert online.get_online_features(["every_type:int32"], [{"thing_id": "x"}]).to_dict()["int32"] == [3]


def test_nothing_is_recorded_without_a_registry_or_of_an_unknown_view(tmp_path: Path):
    assert not record_materialization(str(tmp_path / FILE), PROJECT, "source_quality", START, END)
    assert not (tmp_path / FILE).exists()

    apply_definitions(str(tmp_path), CATALOGUE)
    assert not record_materialization(str(tmp_path / FILE), PROJECT, "no_such_view", START, END)
    assert not record_materialization(str(tmp_path / FILE), PROJECT, "translation_budget", START, END)


def test_records_made_at_the_same_time_are_all_kept_and_no_reader_sees_half_a_registry(tmp_path: Path):
    apply_definitions(str(tmp_path), CATALOGUE)
    days = [START + timedelta(days=number) for number in range(24)]

    def record(day: datetime) -> int:
        record_materialization(str(tmp_path / FILE), PROJECT, "source_quality", day, day + timedelta(days=1))
        return len(registry_of(tmp_path).list_feature_views(PROJECT))

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(record, days)) == {len(CATALOGUE.views)}

    intervals = registry_of(tmp_path).get_feature_view("source_quality", PROJECT).materialization_intervals
    assert sorted(start for start, _ in intervals) == days


def test_a_damaged_registry_is_named_and_left_alone(tmp_path: Path):
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_bytes(b"\xff" * 40)

    with pytest.raises(TokenlakeError, match="is no registry of Feast: delete it"):
        record_materialization(str(tmp_path / FILE), PROJECT, "source_quality", START, END)

    assert (tmp_path / FILE).read_bytes() == b"\xff" * 40


def test_the_oldest_of_many_records_become_one(tmp_path: Path):
    apply_definitions(str(tmp_path), CATALOGUE)
    for minute in range(103):
        begin = START + timedelta(minutes=minute)
        record_materialization(str(tmp_path / FILE), PROJECT, "source_quality", begin, begin + timedelta(minutes=1))

    intervals = registry_of(tmp_path).get_feature_view("source_quality", PROJECT).materialization_intervals
    assert len(intervals) == 100
    assert intervals[0] == (START, START + timedelta(minutes=4))
    assert intervals[1] == (START + timedelta(minutes=4), START + timedelta(minutes=5))
    assert intervals[-1] == (START + timedelta(minutes=102), START + timedelta(minutes=103))


def test_a_lake_in_an_object_store_has_a_registry_too():
    lake = "memory://bucket/lake"

    assert apply_definitions(lake, CATALOGUE)
    assert record_materialization(f"{lake}/{FILE}", PROJECT, "source_quality", START, END)

    config = RegistryConfig(
        path=f"{lake}/{FILE}", registry_store_type="features.feast_registry_store.LakeRegistryStore"
    )
    found = Registry(PROJECT, config, None).get_feature_view("source_quality", PROJECT)
    assert found.materialization_intervals == [(START, END)]
    assert found.batch_source.path == "memory://bucket/lake/features_source_quality"


def _types(fields: list[feast.Field]) -> dict[str, ValueType]:
    return {each.name: ValueType(each.dtype.to_value_type().value) for each in fields}
