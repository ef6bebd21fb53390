"""Messages of the processes that do the work: none, unless they are asked for."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs import cli
from pipelines import logs


@pytest.fixture
def config(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("Some text about the sea.")
    path = tmp_path / "run.yaml"
    path.write_text("sources: [{name: texts, path: texts}]\n")
    return path


def ingest(config, *arguments, **environment):
    """What the stage says on standard error, line by line."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TOKENLAKE")}
    inherited |= {"PYTHONPATH": str(Path(cli.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-m", "jobs", "stage", "ingest", str(config), *arguments],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


@pytest.mark.slow
def test_without_being_asked_nothing_is_logged(config):
    assert not [line for line in ingest(config) if "pipelines." in line]


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "environment"), [(["--verbose"], {}), ([], {"TOKENLAKE_LOG": "info"})])
def test_workers_log_the_file_that_they_read(config, arguments, environment):
    (line,) = [line for line in ingest(config, *arguments, **environment) if "reading" in line and "byte" in line]
    assert f"{config.parent}/texts/a.txt from byte 0 of 24" in line
    assert " INFO process " in line


@pytest.mark.slow
def test_beside_json_events_messages_are_json_too(config):
    events = [json.loads(line) for line in ingest(config, "--verbose", "--log-json")]
    (found,) = [event for event in events if event["event"] == "log"]
    assert found["level"] == "info"
    assert found["message"].endswith("/texts/a.txt from byte 0 of 24")


@pytest.mark.slow
def test_python_workers_of_classic_spark_log_it_too(config):
    pytest.importorskip("pyspark.core", reason="needs the extra spark")
    assert [line for line in ingest(config, "--verbose", "--engine", "spark") if "/texts/a.txt from byte 0" in line]


def test_a_level_that_is_none_is_bad_usage(config, capsys, monkeypatch):
    monkeypatch.setenv(logs.VARIABLE, "loud")
    assert cli.main(["tables", str(config.parent)]) == 2
    assert "$TOKENLAKE_LOG: 'loud' is no level; known: debug, info, warning, error" in capsys.readouterr().err


def test_messages_reach_the_handlers_of_a_program_that_uses_us(caplog):
    logs.configure({})
    with caplog.at_level(logging.INFO):
        logging.getLogger("pipelines.readers.staging").info("reading")
    assert caplog.messages == ["reading"]
