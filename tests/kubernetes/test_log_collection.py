"""From a document to the lines of a real run's log, as documented; and the collector's configuration."""

import fnmatch
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import corpus
import pytest
import yaml

from jobs import cli
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake

LOGGING = Path(__file__).parents[2] / "k8s" / "components" / "logging"


@pytest.fixture(scope="module")
def logged(engine, tmp_path_factory) -> tuple[str, list[dict[str, Any]]]:
    """A lake, and the events of the run that made it."""
    folder = tmp_path_factory.mktemp("logged")
    stream = io.StringIO()
    config = corpus.config(str(folder / "lake"), corpus.make(folder / "corpus", documents=20))
    assert run_stages(engine, config, Reporter(log_json=True, stream=stream)) == 0
    return config.lake, [json.loads(line) for line in stream.getvalue().splitlines()]


def run_ids(value: Any) -> Iterator[str]:
    """As `jq -r '.. | objects | .run_id? // empty'` finds them."""
    if isinstance(value, dict):
        if value.get("run_id"):
            yield value["run_id"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from run_ids(each)


def test_the_log_has_a_line_for_each_commit_that_made_a_row_of_a_document(logged, capsys):
    lake, events = logged
    tokens = Lake(lake).read_here("tokens", ["doc_id"])["doc_id"].to_pylist()
    capsys.readouterr()
    assert cli.main(["explain", lake, tokens[0], "--json"]) == 0
    found = set(run_ids(json.loads(capsys.readouterr().out)))
    lines = {each["run_id"]: each for each in events if each["event"] == "table_committed"}
    assert found <= lines.keys()
    assert {"documents", "measures", "decisions", "clean_documents", "tokens"} <= {
        lines[each]["table"] for each in found
    }


def test_every_commit_that_runs_counts_is_an_event_with_its_run_id(logged):
    lake, events = logged
    rows = Lake(lake).read_here("runs", ["run_id"])["run_id"].to_pylist()
    assert sorted(rows) == sorted(each["run_id"] for each in events if each["event"] == "table_committed")


def test_the_page_about_logs_names_only_events_that_exist(logged):
    _, events = logged
    page = (LOGGING.parents[2] / "docs" / "operations" / "logs.md").read_text()
    told = {
        name for line in page.splitlines() if line.startswith("| `") for name in line.split("|")[1].split("`")[1::2]
    }
    sources = "".join(file.read_text() for file in (LOGGING.parents[2] / "jobs").rglob("*.py"))
    events_told = told - {"namespace", "container", "job", "date"} - {each for each in told if each.startswith("{")}
    assert {each["event"] for each in events} & events_told
    assert [name for name in events_told if f'"{name}"' not in sources] == []


def test_the_collector_reads_the_logs_of_our_pods_and_no_others():
    [tail] = _configuration()["pipeline"]["inputs"]
    driver = "tokenlake-clean-1795742700-driver_tokenlake_spark-kubernetes-driver-0f3c5a.log"
    executor = "tokenlake-clean-0f3c-exec-1_tokenlake_spark-kubernetes-executor-0f3c5a.log"
    assert fnmatch.fnmatch(f"/var/log/containers/{driver}", tail["path"])
    assert fnmatch.fnmatch(f"/var/log/containers/{executor}", tail["path"])
    assert not fnmatch.fnmatch("/var/log/containers/coredns-1_kube-system_coredns-0f.log", tail["path"])


def test_the_collector_attaches_the_labels_that_the_page_names():
    [loki] = _configuration()["pipeline"]["outputs"]
    labels = {each.split("=")[0].strip(): each.split("=")[1].strip() for each in loki["labels"].split(",")}
    assert labels == {
        "namespace": "$kubernetes['namespace_name']",
        "container": "$kubernetes['container_name']",
        "job": "$kubernetes['labels']['tokenlake.io/job']",
        "date": "$kubernetes['labels']['tokenlake.io/date']",
    }


def test_outputs_and_filters_match_what_the_input_tags():
    pipeline = _configuration()["pipeline"]
    for each in (*pipeline["filters"], *pipeline["outputs"]):
        assert fnmatch.fnmatch(pipeline["inputs"][0]["tag"].replace("*", "var.log"), each["match"])


def test_drivers_are_marked_with_a_parser_that_the_collector_has():
    [patch] = yaml.safe_load((LOGGING / "kustomization.yaml").read_text())["patches"]
    [operation] = yaml.safe_load(patch["patch"])
    assert operation["path"].endswith("/fluentbit.io~1parser-spark-kubernetes-driver")
    assert operation["value"] in {each["name"] for each in _configuration()["parsers"]}


def _configuration() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((LOGGING / "collector" / "fluent-bit.yaml").read_text())
    return found
