"""`kill -9` of the whole process tree, in every stage; the same command again; the same tables in the end."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import corpus
import psutil
import pytest
import yaml

from jobs.identities import check
from jobs.lake import Lake

# Each names the event at which everything is killed: in the middle of a stage, or between two commits of one.
KILLED_AT = [
    ("stage_started", {"stage": "ingest"}),
    ("reading", {}),
    ("table_committed", {"table": "documents"}),
    ("table_committed", {"table": "measures"}),
    ("table_committed", {"table": "signatures"}),
    ("table_committed", {"table": "duplicates"}),
    ("tokenizer_training", {}),
    ("table_committed", {"table": "sequences_causal"}),
]
RUN_COLUMNS = ("run_id", "ingested_at", "recorded_at")


def start(config: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "jobs", "run", str(config), "--log-json"]
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "TOKENLAKE_MASTER": "local[2]"}
    )


def kill_tree(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the command, its JVM and its Python workers."""
    tree = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
    for pid in tree:
        with suppress(ProcessLookupError):
            os.kill(pid, 9)
    process.wait()


def run_until(config: Path, name: str, facts: dict[str, str]) -> bool:
    """Starts the command and kills it at an event; False when the command ended without it."""
    process = start(config)
    assert process.stderr is not None
    with process.stderr:
        for line in process.stderr:
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") == name and facts.items() <= event.items():
                kill_tree(process)
                return True
    process.wait()
    return False


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_in_every_stage_the_tables_end_equal(spark, lake, corpus_folder, tmp_path):
    config = tmp_path / "run.yaml"
    settings = corpus.config(str(tmp_path / "lake"), corpus_folder).model_dump(mode="json", exclude_unset=True)
    config.write_text(yaml.safe_dump(settings))
    for name, facts in KILLED_AT:
        assert run_until(config, name, facts), f"the run ended before {name} {facts}"
    last = start(config)
    _, errors = last.communicate()
    assert last.returncode == 0, errors[-3000:]
    whole, resumed = Lake(spark, lake), Lake(spark, settings["lake"])
    for table in set(whole.tables()) - {"runs"}:
        assert rows(resumed, table) == rows(whole, table), table
    check(resumed)
    recorded = [row.run_id for row in resumed.read("runs").collect()]
    assert len(recorded) == len(set(recorded)) == resumed.read("runs").where("status = 'done'").count()


def rows(lake: Lake, table: str) -> list[str]:
    return sorted(map(repr, lake.read(table).drop(*RUN_COLUMNS).toArrow().to_pylist()))
