"""`tokenlake features apply` publishes the plan to the lake and to the online store, or to neither."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from features.catalogue.catalogue import CATALOGUE
from features.definition.value_type import ValueType
from features.plan import Plan, PlanError
from features.store.address import VARIABLE, SqliteAddress, parse_address
from features.store.plan_store import publish_plan, read_plan
from jobs.cli import main

PLAN = Plan.of(CATALOGUE)


def test_publishes_to_the_lake_and_its_embedded_store(tmp_path: Path):
    assert main(["features", "apply", str(tmp_path)]) == 0

    assert Plan.from_json((tmp_path / "features/plan.json").read_text()) == PLAN
    assert read_plan(SqliteAddress(str(tmp_path / "features/online.db")), PLAN.project) == PLAN


def test_publishes_to_the_store_that_is_named(tmp_path: Path, store: str):
    assert main(["features", "apply", str(tmp_path), "--online", store]) == 0

    assert read_plan(parse_address(store), PLAN.project) == PLAN
    assert not (tmp_path / "features/online.db").exists()


def test_the_environment_names_a_store(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, store)

    assert main(["features", "apply", str(tmp_path)]) == 0

    assert read_plan(parse_address(store), PLAN.project) == PLAN


def test_says_which_views_must_be_materialized_anew(tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]):
    publish_plan(parse_address(store), _with_tokens_as_text(PLAN))

    main(["features", "apply", str(tmp_path), "--online", store])

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "view source_quality: feature tokens changed from STRING to INT64; its stored values will have status INVALID"
    )
    assert lines[1] == "the next `tokenlake features materialize` writes anew: source_quality"


def test_says_when_nothing_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    main(["features", "apply", str(tmp_path)])
    capsys.readouterr()

    main(["features", "apply", str(tmp_path)])

    assert capsys.readouterr().out.splitlines()[0] == "no changes"


def test_replaces_a_plan_that_cannot_be_read(tmp_path: Path, store: str):
    publish_plan(parse_address(store), PLAN)
    damaged = _Unreadable(**{name: getattr(PLAN, name) for name in ("project", "views", "services", "on_demand")})
    publish_plan(parse_address(store), damaged)
    with pytest.raises(PlanError, match="format 0"):
        read_plan(parse_address(store), PLAN.project)

    assert main(["features", "apply", str(tmp_path), "--online", store]) == 0

    assert read_plan(parse_address(store), PLAN.project) == PLAN


def test_without_feast_everything_but_its_registry_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "feast", None)  # as Python marks a module that is not there

    assert main(["features", "apply", str(tmp_path)]) == 0

    assert "pip install 'tokenlake[features]'" in capsys.readouterr().out
    assert sorted(each.name for each in (tmp_path / "features").iterdir()) == ["online.db", "plan.json"]


def test_a_store_that_is_down_leaves_the_lake_unchanged(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["features", "apply", str(tmp_path), "--online", "valkey://127.0.0.1:1"]) == 1

    assert "online store 127.0.0.1:1 cannot be reached" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_remote_lake_needs_a_store_by_name(capsys: pytest.CaptureFixture[str]):
    assert main(["features", "apply", "s3://bucket/lake"]) == 2

    assert "--online URL" in capsys.readouterr().err


def test_a_lake_that_does_not_exist_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["features", "apply", str(tmp_path / "mistyped")]) == 2

    assert "no lake there" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


class _Unreadable(Plan):
    """A plan as an older program could have written it."""

    def to_json(self) -> str:
        return super().to_json().replace('"format":1', '"format":0')


def _with_tokens_as_text(plan: Plan) -> Plan:
    view = plan.view("source_quality")
    changed = replace(view, features={**view.features, "tokens": ValueType.STRING})
    return replace(plan, views={**plan.views, "source_quality": changed})
