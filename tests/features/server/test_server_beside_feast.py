"""The same requests to `feast serve` on the same Valkey and Feast's registry of the same definitions."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from ports import free_port
from served_rows import REQUEST
from server_process import RunningServer

from features.catalogue.catalogue import CATALOGUE
from features.feast_registry import FILE, apply_definitions

pytestmark = pytest.mark.slow
pytest.importorskip("feast")

LISTED = {
    "features": ["client_usage:requests_1h", "source_quality:documents", "source_quality:kept_share"],
    "entities": {"client_id": ["acme", "nobody"], "source": ["source-3", "source-4"]},
}


class FeastServe:
    """`feast serve` as a process."""

    def __init__(self, repository: Path) -> None:
        self.port = free_port()
        words = [str(Path(sys.executable).parent / "feast"), "--chdir", str(repository), "serve", "--no-access-log"]
        self.process = subprocess.Popen([*words, "--workers", "1", "--port", str(self.port)], env=dict(os.environ))
        end = time.monotonic() + 90
        while True:
            try:
                self.ask("/health")
                return
            except OSError:
                assert time.monotonic() < end
                assert self.process.poll() is None
                time.sleep(0.3)

    def ask(self, path: str, body: Any = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        data = None if body is None else json.dumps(body)
        connection.request("GET" if data is None else "POST", path, data, {"Content-Type": "application/json"})
        found = connection.getresponse()
        return found.status, found.read()


@pytest.fixture(scope="module")
def feast_serve(filled_valkey: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeastServe]:
    lake = tmp_path_factory.mktemp("lake")
    apply_definitions(str(lake), CATALOGUE)
    place = filled_valkey.removeprefix("valkey://").removesuffix("/0")
    (lake / "feature_store.yaml").write_text(
        f"project: {CATALOGUE.project}\nprovider: local\nentity_key_serialization_version: 3\n"
        f"registry:\n  path: {lake}/{FILE}\n"
        f'online_store:\n  type: redis\n  connection_string: "{place}"\n'
        "offline_store:\n  type: dask\n"
    )
    served = FeastServe(lake)
    yield served
    served.process.terminate()
    served.process.wait(30)


def by_name(body: bytes) -> dict[str, dict[str, list[Any]]]:
    found = json.loads(body)
    assert set(found) == {"results", "metadata"}
    return dict(zip(found["metadata"]["feature_names"], found["results"], strict=True))


@pytest.mark.parametrize("request_body", [REQUEST, LISTED], ids=["service", "list"])
def test_what_counts_is_answered_the_same(server: RunningServer, feast_serve: FeastServe, request_body: Any) -> None:
    """Where ours has a value, or a null that is stored, Feast answers the same; the rest is what Feast gets wrong."""
    ours, theirs = (
        by_name(server.features(request_body).body),
        by_name(feast_serve.ask("/get-online-features", request_body)[1]),
    )
    assert set(ours) == set(theirs)
    same = 0
    for name, found in ours.items():
        assert set(found) == set(theirs[name])
        for row, status in enumerate(found["statuses"]):
            if status in ("PRESENT", "NULL_VALUE"):
                assert found["values"][row] == theirs[name]["values"][row], (name, row)
                assert found["event_timestamps"][row] == theirs[name]["event_timestamps"][row], (name, row)
                same += 1
    assert same >= len(ours)
    keys = [name for name in request_body["entities"] if name != "source_characters"]
    assert [ours[name] for name in keys] == [theirs[name] for name in keys]
    assert list(ours)[: len(keys)] == list(theirs)[: len(keys)] == keys


@pytest.mark.parametrize(
    "wrong",
    [
        {"feature_service": "nope", "entities": {"source": ["a"]}},
        {"features": ["nope:x"], "entities": {"source": ["a"]}},
        {"feature_service": "mixture"},
    ],
)
def test_these_errors_have_feasts_status(server: RunningServer, feast_serve: FeastServe, wrong: Any) -> None:
    assert server.features(wrong).status == feast_serve.ask("/get-online-features", wrong)[0]


def test_these_errors_are_feasts_defects(server: RunningServer, feast_serve: FeastServe) -> None:
    """Requests at whose faults Feast answers 500 are told what is wrong here."""
    for wrong in (
        {"feature_service": "mixture", "entities": {}},
        {"features": ["source_quality:nope"], "entities": {"source": ["a"]}},
        {"features": ["source_quality"], "entities": {"source": ["a"]}},
    ):
        assert feast_serve.ask("/get-online-features", wrong)[0] == 500
        assert server.features(wrong).status in (404, 422)
