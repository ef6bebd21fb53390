"""Every stage as it is submitted to a cluster: `spark-submit jobs/<stage>.py --config …`, on separate processes."""

import subprocess
import sys
from pathlib import Path

import engine_commands
import lake_rows
import shadowing
import yaml

from jobs.arguments import STAGES
from jobs.engine.spark.session import JVM_OPTIONS
from lake.lake import Lake

# Three JVMs start for each stage and live for seconds: the optimising compiler would only take their cores.
SHORT_LIVED = JVM_OPTIONS["small"]


def submit(stage: str, config: Path, elsewhere: Path) -> None:
    """Submits one stage from a folder that is not the checkout, and whose files nobody may import."""
    command = [Path(sys.executable).with_name("spark-submit"), "--master", engine_commands.SEPARATE_PROCESSES]
    command += ["--driver-java-options", SHORT_LIVED, "--conf", f"spark.executor.extraJavaOptions={SHORT_LIVED}"]
    done = subprocess.run(
        [*command, engine_commands.PROJECT / f"jobs/{stage}.py", "--config", config, "--log-json"],
        cwd=elsewhere,
        env=engine_commands.environment(PYTHONPATH=str(engine_commands.PROJECT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{stage}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    assert '"engine": "spark"' in done.stdout + done.stderr


def test_submitted_one_by_one_the_stages_make_the_tables_of_a_whole_run(expected, tmp_path):
    settings = yaml.safe_load(expected.first_config.read_text()) | {"lake": str(tmp_path / "lake")}
    config = tmp_path / "run.yaml"
    config.write_text(yaml.safe_dump(settings))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shadowing.fill(elsewhere)
    for stage in STAGES:
        submit(stage, config, elsewhere)
    submitted = Lake(str(tmp_path / "lake"))
    assert submitted.tables() == Lake(str(expected.first)).tables()
    for table in set(submitted.tables()) - {"runs"}:
        assert lake_rows.rows(tmp_path / "lake", table) == lake_rows.rows(expected.first, table), table
    runs = submitted.read_here("runs", ["stage", "status"]).to_pylist()
    assert {row["stage"]: row["status"] for row in runs} == dict.fromkeys(STAGES, "done")
