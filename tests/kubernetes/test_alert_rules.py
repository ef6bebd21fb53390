"""The alert rules, tested by promtool: each fires when it should, and stays silent just below."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from promtool import ROOT, alerts, promtool, rule_groups

from jobs.metrics.catalogue import ALL

TESTS = sorted((Path(__file__).parent / "rules").glob("*.yaml"))
RUNBOOKS = ROOT / "docs" / "operations" / "runbooks.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the rules as Prometheus reads them, for tests to be put beside."""
    made = tmp_path_factory.mktemp("rules")
    (made / "rules.yaml").write_text(yaml.safe_dump({"groups": rule_groups()}))
    return made


def test_prometheus_accepts_the_rules(folder):
    status, said = promtool(["check", "rules", str(folder / "rules.yaml")])
    assert status == 0, said


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_alerts_fire_and_stay_silent_as_described(folder, file):
    shutil.copy(file, folder / file.name)
    status, said = promtool(["test", "rules", str(folder / file.name)])
    assert status == 0, said


def test_a_rule_that_never_fires_is_found(folder):
    """So the tests above can fail."""
    groups = yaml.safe_load((folder / "rules.yaml").read_text())["groups"]
    for group in groups:
        for rule in group["rules"]:
            rule["expr"] = "vector(0) > 1" if "alert" in rule else rule["expr"]
    other = folder / "blind"
    other.mkdir()
    (other / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    shutil.copy(TESTS[0], other / TESTS[0].name)
    assert promtool(["test", "rules", str(other / TESTS[0].name)])[0] == 1


def test_every_alert_has_a_test_that_fires_and_one_that_is_silent():
    fires, silent = set(), set()
    for file in TESTS:
        for test in yaml.safe_load(file.read_text())["tests"]:
            for each in test["alert_rule_test"]:
                (fires if each["exp_alerts"] else silent).add(each["alertname"])
    assert fires == silent == set(alerts())


@pytest.mark.parametrize("name", alerts())
def test_an_alert_says_how_bad_it_is_what_happened_and_where_to_read_on(name):
    rule = alerts()[name]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"]["runbook_url"] == f"docs/operations/runbooks.md#{name.lower()}"
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["description"].endswith(".")


def test_every_alert_has_a_section_in_the_run_books_and_every_section_an_alert():
    assert re.findall(r"^## (Tokenlake\w+)$", RUNBOOKS.read_text(), re.M) == list(alerts())


@pytest.mark.parametrize("name", alerts())
def test_a_section_of_the_run_books_says_what_to_do(name):
    section = RUNBOOKS.read_text().split(f"\n## {name}\n")[1].split("\n## ")[0]
    for part in ("**Meaning.**", "**Look.**", "**Causes.**", "**Do.**", "**Over when**"):
        assert part in section


def test_rules_name_only_metrics_that_are_exported():
    recorded = {rule["record"] for group in rule_groups() for rule in group["rules"] if "record" in rule}
    named = {
        found
        for group in rule_groups()
        for rule in group["rules"]
        for found in re.findall(r"\btokenlake[_:][a-z0-9_:]+", rule["expr"])
    }
    assert named <= recorded | {metric.name for metric in ALL}
