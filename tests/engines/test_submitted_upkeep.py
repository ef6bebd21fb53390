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


def test_submitted_check_ends_with_status_1_and_tells_what_does_not_hold(lake, tmp_path):
    DeltaTable(f"{lake}/measures").delete("doc_id < '8'")
    done = engine_commands.submit("check", lake, "--json", folder=tmp_path, status=1)
    holds = {finding["name"]: finding["holds"] for finding in json.loads(done.stdout)["findings"]}
    assert not holds["each document is measured once"]
    assert holds["documents: keys (doc_id) that are null or not unique"]


def test_submitted_maintain_deletes_what_no_version_needs(lake, tmp_path):
    runs = DeltaTable(f"{lake}/runs")
    runs.delete("stage = 'pack'")
    needed = {Path(file).name for file in runs.file_uris()}
    assert {path.name for path in (lake / "runs").glob("*.parquet")} > needed
    engine_commands.submit("maintain", lake, "--keep-days", "0", "--no-compact", folder=tmp_path)
    assert {path.name for path in (lake / "runs").glob("*.parquet")} == needed
