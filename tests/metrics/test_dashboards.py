"""Dashboards and the page about metrics are what the code makes of the catalogue."""

import json
import re

import pytest
from exposition_reader import values
from promtool import MONITORING, promtool, rule_groups

from jobs.metrics.catalogue import ALL
from jobs.metrics.dashboards.__main__ import files
from jobs.metrics.documentation import PAGE, page

_OF_OTHERS = {"tokenlake_kubernetes_up", "tokenlake_applications"}
_METRIC = re.compile(r"\btokenlake_[a-z0-9_]+")


def queries() -> list[str]:
    """All queries of all dashboards."""
    found = [
        target["expr"]
        for content in files().values()
        for panel in json.loads(content)["panels"]
        for target in panel["targets"]
    ]
    assert len(found) > 30
    return found


@pytest.mark.parametrize("name", files())
def test_the_stored_dashboard_is_what_the_code_makes(name):
    assert (MONITORING / "dashboards" / name).read_text() == files()[name], "run python -m jobs.metrics.dashboards"


def test_no_other_dashboard_is_stored():
    assert {file.name for file in (MONITORING / "dashboards").iterdir()} == set(files())


def test_panels_do_not_overlap_and_fit_the_width():
    for content in files().values():
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(content)["panels"]:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert place["x"] + place["w"] <= 24
            assert not taken & cells
            taken |= cells


def test_prometheus_can_parse_every_query(tmp_path):
    rules = [
        {"record": f"query:{number}", "expr": query.replace('"$lake"', '".*"')}
        for number, query in enumerate(queries())
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    status, said = promtool(["check", "rules", str(file)])
    assert status == 0, said


def test_a_query_that_is_none_would_be_found(tmp_path):
    file = tmp_path / "queries.yaml"
    file.write_text(json.dumps({"groups": [{"name": "q", "rules": [{"record": "query:0", "expr": "sum(("}]}]}))
    assert promtool(["check", "rules", str(file)])[0] != 0


def test_dashboards_and_rules_name_only_what_a_real_lake_exports_or_may_export(lake, said):
    """A name of the catalogue that this lake has no value of is one of features, checks or a cluster."""
    exported = {name for name, _ in values(said(lake))}
    named = {name for query in queries() for name in _METRIC.findall(query)}
    named |= {
        name
        for group in rule_groups()
        for rule in group["rules"]
        for name in _METRIC.findall(re.sub(r"tokenlake:[a-z0-9_:]+", "", rule["expr"]))
    }
    optional = ("feature_", "online_store_", "schedule_", "check_", "upkeep_", "stage_last_failure", "step_usual_",
                "step_pending_since", "ingest_interrupted")  # fmt: skip
    missing = {
        name for name in named - exported - _OF_OTHERS if not name.removeprefix("tokenlake_").startswith(optional)
    }
    assert missing == set()
    assert named <= {metric.name for metric in ALL}


def test_the_page_lists_the_metrics_of_the_catalogue():
    assert page(PAGE.read_text()) == PAGE.read_text(), "run python -m jobs.metrics.documentation"
