"""A lake that was applied and materialized: with our configuration of Feast, its SDK finds what we find."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import feast
import feature_lake
import pytest

from features.catalogue.catalogue import CATALOGUE
from features.definition.view import FeatureService
from features.freshness import Status
from features.online.reader import OnlineReader
from jobs.cli import main

REPOSITORY = Path(__file__).resolve().parents[3] / "features"
ALL_KNOWN = feature_lake.START + timedelta(days=4)
USAGE_IS_FRESH = feature_lake.START + timedelta(days=1)  # later, Feast computes features on demand from expired ones
pytestmark = pytest.mark.filterwarnings("ignore:The spark data source API:RuntimeWarning")


@pytest.fixture(params=["feature_store.yaml", "feature_store.valkey.yaml"])
def both(
    request: pytest.FixtureRequest, tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[feast.FeatureStore, OnlineReader]:
    """The SDK and our reader, on a lake with histories of every view."""
    in_valkey = request.param == "feature_store.valkey.yaml"
    feature_lake.write(tmp_path)
    online = store if in_valkey else f"sqlite://{tmp_path}/features/online.db"
    for command in ("apply", "materialize"):
        assert main(["features", command, str(tmp_path), *(["--online", online] if in_valkey else [])]) == 0
    monkeypatch.setenv("TOKENLAKE_LAKE", str(tmp_path))
    monkeypatch.setenv("TOKENLAKE_FEAST_REDIS", store.removeprefix("valkey://").replace("/", ",db="))
    return feast.FeatureStore(fs_yaml_file=REPOSITORY / request.param), OnlineReader(online)


def test_the_sdk_finds_what_our_reader_finds(both: tuple[feast.FeatureStore, OnlineReader]):
    sdk, reader = both
    for service in CATALOGUE.services:
        keys = _keys(service)
        request = {"source_characters": [100] * len(keys)} if service.name == "translation_request" else {}
        columns = {name: [key[name] for key in keys] for name in keys[0]}

        at = USAGE_IS_FRESH if service.on_demand else ALL_KNOWN
        ours = reader.get(service.name, columns, request, at_us=int(at.timestamp()) * 1_000_000, timeout=10)
        theirs = sdk.get_online_features(sdk.get_feature_service(service.name), columns | request).to_dict()

        for name, values, statuses in zip(ours.names, ours.columns, ours.statuses, strict=True):
            aged = [status == Status.OUTSIDE_MAX_AGE for status in statuses]
            expected = [None if old else value for value, old in zip(theirs[name], aged, strict=True)]
            assert values == expected, (service.name, name)
        assert any(value is not None for values in ours.columns for value in values), service.name


def test_the_registry_says_what_was_materialized(both: tuple[feast.FeatureStore, OnlineReader]):
    sdk, _ = both
    for view in CATALOGUE.views:
        ((start, end),) = sdk.get_feature_view(view.name).materialization_intervals
        assert start <= end == max(row["event_timestamp"] for row in feature_lake.HISTORIES[view.name])


def _keys(service: FeatureService) -> list[dict[str, Any]]:
    """The keys of every entity of the histories, and of one that is nowhere; for several entities, side by side."""
    found: list[dict[str, Any]] = []
    for selection in service.selections:
        names = selection.view.join_keys
        keys = {tuple(row[name] for name in names) for row in feature_lake.HISTORIES[selection.view.name]}
        found += [dict(zip(names, key, strict=True)) for key in sorted(keys)]
    every = dict.fromkeys((name for key in found for name in key), "nowhere")
    return [every | key for key in found] + [every]
