"""The report of a lake that all stages made."""

import time

import pyarrow as pa
import pytest
from test_report_page import Page

from jobs.report.collect import collect
from jobs.report.page import render
from lake.lake import Lake
from pipelines.policies.rules import BY_REASON
from pipelines.tables import MEASURES


@pytest.fixture(scope="module")
def run(engine, lake):
    return collect(Lake(lake, engine))


def test_every_record_has_one_fate(run):
    total = run.total
    assert total.undecided == 0
    assert total.read == total.rejected + sum(total.dropped.values()) + sum(total.duplicates.values()) + total.kept
    assert total.kept == total.tokenized == run.table("clean_documents").rows


def test_every_invariant_is_shown_and_holds(run):
    assert len(run.invariants) >= 10
    assert all(invariant.holds for invariant in run.invariants)


def test_times_are_told_in_utc_wherever_the_machine_stands(engine, lake, monkeypatch):
    finished = max(Lake(lake).read_here("runs", ["finished_at"])["finished_at"].to_pylist())
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        found = collect(Lake(lake, engine))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found.runs[0].finished_at == finished
    assert f"as of {finished:%-d %B %Y, %H:%M} UTC" in render(found)


def test_every_number_of_the_contract_is_drawn(run):
    leaves = [
        f"{field.name}.{leaf.name}"
        for field in MEASURES.schema
        if pa.types.is_struct(field.type)
        for leaf in field.type
    ]
    assert [measure.name for measure in run.measures] == ["language_score", "http_status", *leaves]


def test_reasons_are_rules_with_examples(run):
    assert run.reasons
    for reason in run.reasons:
        assert reason.name in BY_REASON
        assert run.examples[reason.name]


def test_thresholds_of_the_policy_are_found(run):
    assert run.thresholds


def test_the_page_is_well_formed(run):
    page = Page(render(run))
    assert page.open == []
    assert "has not run" not in page.text
