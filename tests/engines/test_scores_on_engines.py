"""Quality classifiers on classic Spark, whose executors are processes of their own: rows equal Sail's."""

import lake_rows
from engine_commands import SPARK, run


def test_executors_score_as_workers_of_sail_do_and_the_policy_looks_at_it(expected, tmp_path):
    run(expected.first_config, tmp_path / "lake", SPARK, command=("stage", "ingest"))
    run(expected.first_config, tmp_path / "lake", SPARK, command=("stage", "clean"))
    for table in ("measures", "decisions"):
        assert lake_rows.rows(tmp_path / "lake", table) == lake_rows.rows(expected.first, table)
    scores = [dict(row)["edu"] for row in lake_rows.read(tmp_path / "lake", "measures")["classifiers"].to_pylist()]
    dropped = [
        each
        for each in lake_rows.read(tmp_path / "lake", "decisions")["reasons"].to_pylist()
        if "classifiers.low_edu" in each
    ]
    assert len(dropped) == sum(score < 0.5 for score in scores) > 0
