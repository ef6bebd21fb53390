"""From the server's answers to the check, each a process: a fault that clients were served is found afterwards."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from features.layout.field import feature_field
from features.store.address import parse_address
from features.store.plan_store import publish_plan
from tests.features.consistency.both_stores import PLAN, BothStores
from tests.features.server.server_process import ROOT, serving

REQUEST = {
    "feature_service": "translation_request",
    "entities": {
        "source_language": ["de", "en"],
        "target_language": ["en", "de"],
        "client_id": ["acme", "globex"],
        "source_characters": [100, 200],
    },
}


def test_what_clients_were_served_is_checked(tmp_path: Path, store: str) -> None:
    stores = BothStores(tmp_path, store)
    publish_plan(parse_address(store), PLAN)
    stores.lake.storage.write_text("features/plan.json", PLAN.to_json())
    stores.materialize()
    good, faulty = tmp_path / "good", tmp_path / "faulty"

    _serve(stores, store, good)
    status, found = _checked(stores, good)
    assert (status, found["failures"]) == (0, [])
    assert {each["view"]: each["compared"] for each in found["features"]} == {
        "client_allowance": 2,
        "client_profile": 2,
        "client_usage": 2,
        "language_pair_statistics": 2,
        "translation_budget": 2,
    }

    key = stores.by_hand.hash_key("client_profile", client_id="globex")
    stores.by_hand.call(b"DEL", stores.by_hand.packed_key("translation_request", "client_profile", client_id="globex"))
    stores.by_hand.call(b"HSET", key, feature_field("client_profile", "requests_per_minute"), bytes.fromhex("1801"))
    _serve(stores, store, faulty)
    stores.materialize()  # repairs it
    status, found = _checked(stores, faulty)
    assert status == 1
    assert [(each["view"], each["feature"], each["limit"]) for each in found["failures"]] == [
        ("client_profile", "requests_per_minute", "mismatch")
    ]
    stores.reader.close()


def _serve(stores: BothStores, store: str, log: Path) -> None:
    """A server that answers one request, logs it and ends."""
    options = ("--online", store, "--no-auth", "--sample-requests", "1", "--request-log", str(log))
    with serving(stores.lake.root, *options) as server:
        assert server.features(REQUEST).status == 200


def _checked(stores: BothStores, log: Path) -> tuple[int, Any]:
    """Exit status and findings of the command."""
    words = ["-m", "jobs", "features", "check", stores.lake.root, "--request-log", str(log), "--lag", "0", "--json"]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=ROOT, check=False)
    return done.returncode, json.loads(done.stdout)
