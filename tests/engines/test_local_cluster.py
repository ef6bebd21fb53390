"""Every stage as it is submitted to a cluster: `spark-submit jobs/<stage>.py --config …`, on separate processes."""

import os
import subprocess
import sys
from pathlib import Path

import corpus
import pytest
import yaml

from jobs import session
from jobs.cli import STAGES
from lake.lake import Lake
from jobs.pipeline import run_stages
from jobs.progress import Reporter

CHECKOUT = Path(__file__).resolve().parents[2]
MASTER = "local-cluster[2,1,2048]"  # two executors, each a JVM of its own with one core and 2 GiB
# Three JVMs start for each stage and live for seconds: the optimising compiler would only take their cores.
SHORT_LIVED = session.JVM_OPTIONS["small"]
RUN_COLUMNS = ("run_id", "ingested_at", "recorded_at")


def submit(stage: str, config: Path, elsewhere: Path) -> subprocess.CompletedProcess[str]:
    """Submits one stage from a folder that is not the checkout."""
    command = [Path(sys.executable).with_name("spark-submit"), "--master", MASTER]
    command += ["--driver-java-options", SHORT_LIVED, "--conf", f"spark.executor.extraJavaOptions={SHORT_LIVED}"]
    ours = ("PYSPARK", "SPARK", "TOKENLAKE_MASTER", "PYTHONDONTWRITEBYTECODE")  # of the session in this process
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    environment |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    return subprocess.run(
        [*command, CHECKOUT / f"jobs/{stage}.py", "--config", config, "--log-json"],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def rows(lake: Lake, table: str) -> list[str]:
    return sorted(map(repr, lake.read(table).drop(*RUN_COLUMNS).toArrow().to_pylist()))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_submitted_to_separate_processes_every_stage_makes_the_tables_of_one_process(spark, tmp_path):
    folder = corpus.make(tmp_path / "corpus", 20)
    config = tmp_path / "run.yaml"
    settings = corpus.config(str(tmp_path / "submitted"), folder).model_dump(mode="json", exclude_unset=True)
    config.write_text(yaml.safe_dump(settings))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for stage in STAGES:
        done = submit(stage, config, elsewhere)
        assert done.returncode == 0, f"{stage}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    here = Lake(str(tmp_path / "here"), engine)
    assert run_stages(engine, corpus.config(here.root, folder), Reporter(), conclude=False) == 0
    submitted = Lake(settings["lake"], engine)
    assert submitted.tables() == here.tables()
    for table in set(here.tables()) - {"runs"}:
        assert rows(submitted, table) == rows(here, table), table
    stages = {row.stage: row.status for row in submitted.read("runs").collect()}
    assert stages == dict.fromkeys(STAGES, "done")
