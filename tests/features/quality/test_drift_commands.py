"""`tokenlake features baseline` and `drift`: pin, change, and be told what has changed."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from features.definition.view import EVENT_TIMESTAMP
from features.quality.record import FEATURE_DRIFT
from jobs.cli import main
from lake.reading import LakeReader
from tests.features import feature_lake
from tests.features.feature_lake import DAY, START


@pytest.fixture
def lake(tmp_path: Path) -> feature_lake.Lake:
    """A lake with 300 clients."""
    made = feature_lake.write(tmp_path, ["client_usage"])
    profiles = [
        {"client_id": f"client-{number}", "tier": "free", "requests_per_minute": number} for number in range(300)
    ]
    feature_lake.append(made, "client_profile", [{**each, EVENT_TIMESTAMP: START} for each in profiles])
    return made


def change(lake: feature_lake.Lake) -> None:
    """Makes every second client a premium one."""
    feature_lake.append(
        lake,
        "client_profile",
        [
            {
                "client_id": f"client-{number}",
                "tier": "premium",
                "requests_per_minute": number,
                EVENT_TIMESTAMP: START + DAY,
            }
            for number in range(0, 300, 2)
        ],
    )


def test_values_like_the_baseline_pass(lake: feature_lake.Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "baseline", lake.root]) == 0
    assert "client_profile: 300 entities of version 0, 4 features" in capsys.readouterr().out
    assert main(["features", "drift", lake.root]) == 0
    assert capsys.readouterr().out.endswith("no feature has drifted\n")


def test_changed_values_fail_and_are_named(lake: feature_lake.Lake, capsys: pytest.CaptureFixture[str]) -> None:
    main(["features", "baseline", lake.root, "client_profile"])
    change(lake)
    capsys.readouterr()
    assert main(["features", "drift", lake.root]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("client_profile: 1 of 4 features have drifted; 300 entities, 300 in the baseline")
    assert lines[1].startswith("  tier: stability index ")
    assert len(lines) == 3


def test_a_larger_limit_lets_them_pass(lake: feature_lake.Lake) -> None:
    main(["features", "baseline", lake.root])
    change(lake)
    assert main(["features", "drift", lake.root, "--max-index", "10"]) == 0


def test_a_new_baseline_replaces_the_old_one(lake: feature_lake.Lake) -> None:
    main(["features", "baseline", lake.root])
    change(lake)
    main(["features", "baseline", lake.root])
    assert main(["features", "drift", lake.root]) == 0


def test_each_comparison_is_recorded(lake: feature_lake.Lake) -> None:
    main(["features", "baseline", lake.root, "client_profile"])
    main(["features", "drift", lake.root])
    change(lake)
    main(["features", "drift", lake.root])
    rows = LakeReader(lake.root).read_here(FEATURE_DRIFT.name, FEATURE_DRIFT.schema.names).to_pylist()
    tiers = sorted((row for row in rows if row["feature"] == "tier"), key=lambda row: row["measured_at"])
    assert [(row["version"], row["baseline_version"], row["has_drifted"]) for row in tiers] == [
        (0, 0, False),
        (1, 0, True),
    ]
    assert tiers[1]["measured_at"] - tiers[0]["measured_at"] < timedelta(minutes=1)
    assert len(rows) == 8


def test_all_figures_are_printed_as_json(lake: feature_lake.Lake, capsys: pytest.CaptureFixture[str]) -> None:
    main(["features", "baseline", lake.root, "client_profile"])
    capsys.readouterr()
    assert main(["features", "drift", lake.root, "client_profile", "--json"]) == 0
    found = {each["feature"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["tier"]["index"] == 0
    assert found["tier"]["has_drifted"] is False


def test_without_a_baseline_there_is_an_error(lake: feature_lake.Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "drift", lake.root]) == 2
    assert "tokenlake features baseline" in capsys.readouterr().err


def test_an_unknown_view_is_told(lake: feature_lake.Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "baseline", lake.root, "clients"]) == 2
    assert "no view 'clients'; there are document_measures, " in capsys.readouterr().err
