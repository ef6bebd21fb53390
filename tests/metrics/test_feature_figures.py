"""Figures of features: from histories, checks and an online store that really exist."""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from exposition_reader import value

from jobs import cli
from lake.lake import Lake

sys.path.insert(0, str(Path(__file__).parents[1] / "features"))
import feature_lake


@pytest.fixture
def features(tmp_path) -> str:
    """A lake with histories of all views and an empty online store."""
    root = str(tmp_path / "lake")
    feature_lake.write(root)
    assert cli.main(["features", "apply", root]) == 0
    return root


def test_the_newest_event_and_the_maximum_age_of_a_view(features, said):
    text = said(features)
    newest = (feature_lake.START + 2 * feature_lake.DAY).timestamp()
    assert value(text, "feature_newest_event_timestamp_seconds", view="source_quality") == newest
    assert value(text, "feature_max_age_seconds", view="source_quality") == timedelta(days=90).total_seconds()
    assert value(text, "feature_max_age_seconds", view="term_glossary") is None


def test_rows_wait_to_be_put_online_until_they_are(features, said):
    name = "feature_online_pending_since_timestamp_seconds"
    committed = Lake(features).last_own_commit("features_client_profile").timestamp.timestamp()
    before = said(features)
    assert (value(before, "online_store_up"), value(before, name, view="client_profile")) == (1, committed)
    assert cli.main(["features", "materialize", features, "client_profile"]) == 0
    after = said(features)
    assert value(after, name, view="client_profile") is None
    assert value(after, name, view="term_glossary") is not None
    assert abs(time.time() - value(after, "feature_online_until_timestamp_seconds", view="client_profile")) < 60
    feature_lake.append(Lake(features), "client_profile", feature_lake.HISTORIES["client_profile"][:1])
    assert value(said(features), name, view="client_profile") > committed


def test_compaction_leaves_nothing_to_be_put_online(features, said):
    for _ in range(9):
        feature_lake.append(Lake(features), "client_profile", feature_lake.HISTORIES["client_profile"][:1])
    assert cli.main(["features", "materialize", features, "client_profile"]) == 0
    assert cli.main(["maintain", features]) == 0
    text = said(features)
    assert value(text, "table_files", table="features_client_profile") == 1
    assert value(text, "feature_online_pending_since_timestamp_seconds", view="client_profile") is None
    assert value(text, "table_last_compaction_timestamp_seconds", table="features_client_profile") > value(
        text, "table_last_change_timestamp_seconds", table="features_client_profile"
    )


def test_a_store_that_is_away_is_told_and_the_rest_is_read(features, said):
    text = said(features, "--online", "valkey://127.0.0.1:1/0")
    assert value(text, "online_store_up") == 0
    assert value(text, "table_rows", table="features_client_profile") == 2


def test_the_last_consistency_check_is_told(features, said, capsys):
    assert cli.main(["features", "materialize", features]) == 0
    capsys.readouterr()
    cli.main(["features", "check", features, "--lag", "0", "--json"])
    found = json.loads(capsys.readouterr().out)
    text = said(features)
    for view in {each["view"] for each in found["features"]}:
        mine = [each for each in found["features"] if each["view"] == view]
        wrong = sum(each["compared"] - each["equal"] - each["late"] for each in mine)
        place = {"view": view, "answers_from": "store"}
        assert value(text, "feature_consistency_compared", **place) == sum(each["compared"] for each in mine)
        assert value(text, "feature_consistency_wrong", **place) == wrong
        assert value(text, "feature_consistency_timestamp_seconds", **place) == pytest.approx(found["checked_at"])


def test_the_last_comparison_with_a_baseline_is_told(features, said):
    assert cli.main(["features", "baseline", features, "client_profile"]) == 0
    status = cli.main(["features", "drift", features, "client_profile"])
    text = said(features)
    assert bool(value(text, "feature_drift_drifted", view="client_profile")) == bool(status)
    assert value(text, "feature_drift_features", view="client_profile") > 0
    assert value(text, "feature_drift_timestamp_seconds", view="source_quality") is None
