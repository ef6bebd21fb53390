"""`tokenlake features materialize`: all views of a lake, with their plan, into the store that is named."""

import json
from datetime import timedelta
from pathlib import Path

import feature_lake
import pytest
from feature_lake import HOUR, START
from online_lookup import differences, online_now

from features.catalogue.catalogue import CATALOGUE
from features.plan import Plan
from features.store.address import parse_address
from features.store.plan_store import read_plan
from jobs.cli import main
from jobs.commands.features.apply import PLAN_FILE
from lake.lake import Lake

PLAN = Plan.of(CATALOGUE)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = feature_lake.write(tmp_path / "lake")
    made.storage.write_text(PLAN_FILE, PLAN.to_json())
    return made


def materialize(lake: Lake, *arguments: str) -> int:
    return main(["features", "materialize", lake.root, *arguments])


def test_fills_the_embedded_store_with_all_views(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert materialize(lake) == 0

    url = f"sqlite://{lake.root}/features/online.db"
    assert [differences(lake, url, PLAN, view) for view in PLAN.views] == [[]] * len(PLAN.views)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["view", "version", "rows", "written", "newest", "event", "seconds"]
    assert [line.split()[0] for line in printed[1:]] == list(PLAN.views)


def test_brings_the_plan_into_a_store_that_has_none(lake: Lake, store: str) -> None:
    assert materialize(lake, "client_profile", "--online", store) == 0

    assert read_plan(parse_address(store), PLAN.project) == PLAN
    assert online_now(store, PLAN, "client_profile", {"client_id": "acme"})["tier"] == "premium"
    assert online_now(store, PLAN, "client_usage", {"client_id": "acme"}) == {}


def test_says_what_waits_for_later(lake: Lake, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    up_to = (START + timedelta(minutes=30)).isoformat()

    assert materialize(lake, "client_usage", "--online", store, "--up-to", up_to) == 0
    assert "client_usage: rows from 2026-11-01 13:00 UTC on wait for a later run" in capsys.readouterr().out

    assert materialize(lake, "client_usage", "--online", store, "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["written"], told["last_event"]) == (1, 1, "2026-11-01T13:00:00+00:00")


def test_refused_rows_of_one_view_keep_no_other_back(
    lake: Lake, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {"client_id": "bad", "requests_per_minute": -1, "event_timestamp": START + HOUR}
    feature_lake.append(lake, "client_profile", [bad])

    assert materialize(lake, "client_profile", "client_usage", "--online", store) == 1

    assert "requests_per_minute: must be at least 0" in capsys.readouterr().err
    assert online_now(store, PLAN, "client_profile", {"client_id": "acme"}) == {}
    assert online_now(store, PLAN, "client_usage", {"client_id": "acme"})["requests_1h"] == 20


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no_such_view"], "no feature view 'no_such_view'"),
        (["--up-to", "soon"], "'soon' is no time"),
        (["--online", "http://x"], "names no online store"),
        (["--engine", "sail"], "leave --engine out, or name a server"),
    ],
)
def test_what_it_cannot_do_is_misuse(
    lake: Lake, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert materialize(lake, *arguments) == 2

    assert words in capsys.readouterr().err


def test_a_lake_without_a_plan_needs_apply_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert materialize(feature_lake.write(tmp_path, ["client_usage"])) == 2

    assert "tokenlake features apply" in capsys.readouterr().err
