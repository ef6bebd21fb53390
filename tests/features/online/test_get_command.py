"""`tokenlake features get` prints what a lookup finds."""

import json
from pathlib import Path

import pytest
import stores
from feature_lake import HALLO, HISTORIES, HOUR, START

from features.catalogue.catalogue import CATALOGUE
from features.plan import Plan
from features.store.address import parse_address
from features.store.plan_store import publish_plan
from jobs.cli import main

LATER = f"{START + 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """A folder with an embedded store that holds the first rows of each view."""
    fill(f"sqlite://{tmp_path}/features/online.db")
    return str(tmp_path)


def fill(url: str) -> None:
    plan = Plan.of(CATALOGUE)
    publish_plan(parse_address(url), plan)
    for view, history in HISTORIES.items():
        for row in history:
            at = round(row["event_timestamp"].timestamp() * 1e6)
            if row["event_timestamp"] <= START + HOUR:
                stores.write(url, view, row, at=at, plan=plan)


def test_a_table_for_each_entity(lake: str, capsys: pytest.CaptureFixture[str]):
    asked = ["--service", "translation_request", "source_language=de", "target_language=en", "client_id=acme"]

    code = main(
        ["features", "get", lake, *asked, "client_id=nobody", "--request", "source_characters=100", "--at", LATER]
    )

    assert code == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[:2] == ["source_language=de target_language=en client_id=acme", "feature value status age"]
    assert "language_pair_statistics:pairs 1000 present 2 h" in lines
    assert "language_pair_statistics:unknown_share - null 2 h" in lines
    assert "client_usage:characters_24h 90000 present 60 min" in lines
    assert "translation_budget:expected_target_characters 93.0 present" in lines
    second = lines[lines.index("source_language=de target_language=en client_id=nobody") :]
    assert "client_profile:tier - not found" in second
    assert "client_allowance:remaining_characters - null" in second


def test_values_outside_their_max_age_are_not_shown(lake: str, capsys: pytest.CaptureFixture[str]):
    asked = ["--service", "translation_request", "source_language=de", "target_language=en", "client_id=acme"]

    main(["features", "get", lake, *asked, "--request", "source_characters=1", "--at", "2026-11-05T00:00:00"])

    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "client_usage:characters_24h - outside max age 3 d" in lines


def test_json(lake: str, capsys: pytest.CaptureFixture[str]):
    asked = [f"segment_id={HALLO}", "source_language=de", "target_language=en"]

    code = main(["features", "get", lake, "--service", "translation_memory", *asked, "--at", LATER, "--json"])

    assert code == 0
    found = json.loads(capsys.readouterr().out)
    assert found["at"] == "2026-11-01T14:00:00+00:00"
    (row,) = found["rows"]
    assert row["entity"] == {"segment_id": HALLO, "source_language": "de", "target_language": "en"}
    assert row["features"][3] == {
        "view": "segment_memory",
        "name": "targets",
        "value": ["Hello world!"],
        "status": "PRESENT",
        "event_timestamp": "2026-11-01T12:00:00+00:00",
    }
    assert row["features"][4]["value"] == "2026-11-01T12:00:00+00:00"


def test_a_store_without_a_lake(store: str, capsys: pytest.CaptureFixture[str]):
    fill(store)

    assert main(["features", "get", "--online", store, "--service", "mixture", "source=web", "--at", LATER]) == 0
    assert "source_quality:documents" in capsys.readouterr().out


def test_entities_that_are_not_found_are_no_failure(lake: str, capsys: pytest.CaptureFixture[str]):
    assert main(["features", "get", lake, "--service", "mixture", "source=unknown"]) == 0
    assert "not found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--service", "mixtures", "source=web"], "no feature service 'mixtures'; there are curation"),
        (["--service", "mixture", "sauce=web"], "unknown column 'sauce'"),
        (["--service", "mixture"], "key source is missing"),
        (["--service", "mixture", "web"], "'web' is no KEY=VALUE"),
        (["--service", "mixture", "source=web", "--at", "noon"], "--at noon is no time"),
        (["--service", "mixture", "source=web", "--project", "other"], "has no plan of project other"),
        (
            ["--service", "translation_request", "client_id=x", "--request", "source_characters=many"],
            "source_characters=many: INT64 expected",
        ),
    ],
)
def test_what_is_unknown_ends_with_status_2(
    lake: str, capsys: pytest.CaptureFixture[str], words: list[str], message: str
):
    assert main(["features", "get", lake, *words]) == 2
    assert message in capsys.readouterr().err


def test_neither_lake_nor_store(capsys: pytest.CaptureFixture[str]):
    assert main(["features", "get", "--service", "mixture", "source=web"]) == 2
    assert "name the lake, or the online store with --online URL" in capsys.readouterr().err


def test_a_store_that_is_down_ends_with_status_1(capsys: pytest.CaptureFixture[str]):
    down = "valkey://127.0.0.1:1"

    assert main(["features", "get", "--online", down, "--service", "mixture", "source=web"]) == 1
    assert "online store 127.0.0.1:1 cannot be reached" in capsys.readouterr().err
