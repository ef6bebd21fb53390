"""The embedded store is checked like a server: sound, or with a fault."""

import sqlite3
from pathlib import Path

import pytest

from jobs.cli import main
from tests.features import feature_lake
from tests.features.consistency.both_stores import PLAN


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake whose features were materialized into its own store."""
    feature_lake.write(tmp_path)
    (tmp_path / "features").mkdir()
    (tmp_path / "features/plan.json").write_text(PLAN.to_json())
    assert main(["features", "materialize", str(tmp_path)]) == 0
    return tmp_path


def test_a_store_that_was_just_materialized_agrees(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "check", str(lake), "--lag", "0"]) == 0
    assert capsys.readouterr().out.endswith("online and offline agree\n")


def test_a_lost_row_is_found(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(lake / "features/online.db") as database:
        for table in ("tokenlake_source_quality", "tokenlake_packed"):
            assert database.execute(f"DELETE FROM {table}").rowcount > 0
    assert main(["features", "check", str(lake), "--lag", "0"]) == 1
    assert "source_quality.documents: of " in capsys.readouterr().out
