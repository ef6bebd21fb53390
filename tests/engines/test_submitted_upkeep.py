"""Check and maintain as they are submitted to a cluster, on a lake that another engine made."""

import json
import shutil
from pathlib import Path

import engine_commands
import pytest
from deltalake import DeltaTable


@pytest.fixture
def lake(expected, tmp_path: Path) -> Path:
    return shutil.copytree(expected.first, tmp_path / "lake")


def test_submitted_check_counts_on_spark_and_ends_with_status_1_when_something_does_not_hold(lake, tmp_path):
    whole = json.loads(engine_commands.submit("check", lake, "--json", folder=tmp_path).stdout)
    assert len(whole["findings"]) > 20
    assert all(finding["holds"] for finding in whole["findings"])
    DeltaTable(f"{lake}/measures").delete("doc_id < '8'")
    damaged = json.loads(engine_commands.submit("check", lake, "--json", folder=tmp_path, status=1).stdout)
    failed = {finding["name"] for finding in damaged["findings"] if not finding["holds"]}
    assert "each document is measured once" in failed


def test_submitted_maintain_deletes_what_no_version_needs(lake, tmp_path):
    runs = DeltaTable(f"{lake}/runs")
    runs.delete("stage = 'pack'")
    needed = {Path(file).name for file in runs.file_uris()}
    assert {path.name for path in (lake / "runs").glob("*.parquet")} > needed
    engine_commands.submit("maintain", lake, "--keep-days", "0", "--no-compact", folder=tmp_path)
    assert {path.name for path in (lake / "runs").glob("*.parquet")} == needed
