"""The same rows in every table, whichever engine computed them, began a lake or was killed at it."""

import shutil

import lake_rows
import pytest
from engine_commands import CONNECT, SAIL, SPARK, copy_killed_at_commits, run

ENGINES = {"sail": SAIL, "spark": SPARK, "connect": CONNECT}


@pytest.fixture
def remote(request, engine_name):
    """The server's address where the engine needs one."""
    return request.getfixturevalue("connect") if "connect" in engine_name else ""


@pytest.mark.parametrize("engine_name", ["spark", "connect"])
def test_every_table_is_row_for_row_what_sail_makes(expected, remote, engine_name, tmp_path):
    run(expected.first_config, tmp_path / "lake", ENGINES[engine_name], remote)
    assert list(lake_rows.differences(tmp_path / "lake", expected.first)) == []


@pytest.mark.parametrize("engine_name", ["spark", "connect"])
def test_a_lake_that_sail_began_is_continued(expected, remote, engine_name, tmp_path):
    lake = shutil.copytree(expected.first, tmp_path / "lake")
    run(expected.second_config, lake, ENGINES[engine_name], remote)
    assert list(lake_rows.differences(lake, expected.second)) == []


def test_a_lake_that_classic_spark_began_is_continued_by_sail(expected, tmp_path):
    run(expected.first_config, tmp_path / "lake", SPARK)
    run(expected.second_config, tmp_path / "lake", SAIL)
    assert list(lake_rows.differences(tmp_path / "lake", expected.second)) == []


@pytest.mark.parametrize(
    ("engine_name", "tables"),
    [
        (
            "sail",
            [
                "documents",
                "rejects",
                "measures",
                "signatures",
                "duplicates",
                "tokens",
                "sequences_causal",
                "sequences_masked",
            ],
        ),
        ("spark", ["documents", "duplicates"]),
        ("connect", ["measures"]),
    ],
)
def test_killed_runs_are_resumed_to_the_same_rows(expected, remote, engine_name, tables, tmp_path):
    lake = tmp_path / "lake"
    copy_killed_at_commits(expected.first, lake, expected.second_config, tables, ENGINES[engine_name], remote)
    run(expected.second_config, lake, ENGINES[engine_name], remote)
    assert list(lake_rows.differences(lake, expected.second)) == []
    assert not list((lake / "_staging").glob("*"))


def test_a_run_that_was_killed_on_sail_is_resumed_by_classic_spark(expected, tmp_path):
    lake = tmp_path / "lake"
    copy_killed_at_commits(expected.first, lake, expected.second_config, ["signatures"], SAIL)
    run(expected.second_config, lake, SPARK)
    assert list(lake_rows.differences(lake, expected.second)) == []
