"""Every stage as it is submitted to a cluster: `spark-submit jobs/<stage>.py --config …`, on separate processes."""

import engine_commands
import lake_rows
import shadowing
import yaml

from jobs.arguments import STAGES
from lake.lake import Lake


def test_submitted_one_by_one_the_stages_make_the_tables_of_a_whole_run(expected, tmp_path):
    settings = yaml.safe_load(expected.first_config.read_text()) | {"lake": str(tmp_path / "lake")}
    config = tmp_path / "run.yaml"
    config.write_text(yaml.safe_dump(settings))
    elsewhere = tmp_path / "elsewhere"  # whose files nobody may import
    elsewhere.mkdir()
    shadowing.fill(elsewhere)
    for stage in STAGES:
        done = engine_commands.submit(stage, "--config", config, "--log-json", folder=elsewhere)
        assert '"engine": "spark"' in done.stdout + done.stderr
    submitted = Lake(str(tmp_path / "lake"))
    assert submitted.tables() == Lake(str(expected.first)).tables()
    for table in set(submitted.tables()) - {"runs"}:
        assert lake_rows.rows(tmp_path / "lake", table) == lake_rows.rows(expected.first, table), table
    runs = submitted.read_here("runs", ["stage", "status"]).to_pylist()
    assert {row["stage"]: row["status"] for row in runs} == dict.fromkeys(STAGES, "done")
