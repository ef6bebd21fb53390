"""The same rows of features, whichever engine computed them, began a lake's histories or was killed at them."""

import shutil

import lake_rows
import yaml
from engine_commands import CONNECT, FEATURES, SPARK, kill_at_commit, run, submit

from features.catalogue.catalogue import CATALOGUE

TABLES = {view.table for view in CATALOGUE.views}


def test_on_connect_every_history_is_row_for_row_what_sail_makes(
    expected, expected_features, features_config, connect, tmp_path
):
    lake = shutil.copytree(expected.first, tmp_path / "lake")
    run(features_config, lake, CONNECT, connect, FEATURES)
    assert set(lake_rows.tables(lake)) >= TABLES
    assert list(lake_rows.differences(lake, expected_features.first)) == []


def test_submitted_to_classic_spark_the_stage_makes_the_same_rows(
    expected, expected_features, features_config, tmp_path
):
    lake = shutil.copytree(expected.first, tmp_path / "lake")
    config = features_config.with_name("submitted.yaml")
    config.write_text(yaml.safe_dump(yaml.safe_load(features_config.read_text()) | {"lake": str(lake)}))
    submit("features", "--config", config, folder=tmp_path)
    assert list(lake_rows.differences(lake, expected_features.first)) == []


def test_histories_that_sail_began_are_continued_by_classic_spark_after_a_kill(
    expected_features, features_config, tmp_path
):
    lake = shutil.copytree(expected_features.grown, tmp_path / "lake")
    kill_at_commit(features_config, lake, "features_document_measures", SPARK, command=FEATURES)
    run(features_config, lake, SPARK, command=FEATURES)
    assert list(lake_rows.differences(lake, expected_features.second)) == []
