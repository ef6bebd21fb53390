"""The feature server's root file system, run as a pod of the restricted profile runs it: `make test-rootfs`."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any

import pyarrow as pa
import pytest

from features.catalogue.catalogue import CATALOGUE
from features.materialization.writer import writer_of
from features.plan import Plan
from features.store.address import parse_address
from features.store.plan_store import publish_plan
from features.tables import table_of

SERVE = ("/opt/tokenlake/bin/tokenlake", "features", "serve")


def fill(path: str) -> None:
    """A store with the project's plan and a row of one client."""
    address, plan, now = parse_address(path), Plan.of(CATALOGUE), datetime.now(UTC)
    publish_plan(address, plan)
    row = {"client_id": "acme", "requests_1h": 7, "event_timestamp": now, "created": now, "run_id": "r"}
    writer = writer_of(address, plan)
    writer.write("client_usage", pa.Table.from_pylist([row], schema=table_of(CATALOGUE.view("client_usage")).schema))
    writer.close()


def serving_port(process: Any) -> int:
    """The port of HTTP, from the server's log."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("{") and (event := json.loads(line))["event"] == "serving":
            return int(event["port"])
    raise AssertionError("".join(lines))


def post(port: int, path: str, body: Any) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, json.dumps(body))
    answer = connection.getresponse()
    found = (answer.status, answer.read())
    connection.close()
    return found


def requests_of(port: int, client: str) -> Any:
    status, body = post(
        port, "/get-online-features", {"features": ["client_usage:requests_1h"], "entities": {"client_id": [client]}}
    )
    assert status == 200, body
    return json.loads(body)["results"][1]["values"][0]


@pytest.fixture
def port(features_image) -> Iterator[int]:
    """A server in the image, of a store with a row."""
    store = features_image.inside("/tmp/online.db")
    fill(f"sqlite://{store}")
    store.chmod(0o666)
    lake = features_image.inside("/tmp/lake")
    lake.mkdir()
    lake.chmod(0o777)
    options = [
        "--port",
        "0",
        "--grpc-port",
        "0",
        "--log-json",
        "--timeout",
        "10",
        "--online",
        "sqlite:///tmp/online.db",
    ]
    process = features_image.start(*SERVE, "/tmp/lake", *options, network=True)
    yield serving_port(process)
    features_image.stop(process)


def test_the_server_answers(port):
    assert requests_of(port, "acme") == 7


def test_a_pushed_row_reaches_the_store_and_the_lake(port, features_image):
    rows = {"client_id": ["new"], "requests_1h": [3], "event_timestamp": [datetime.now(UTC).isoformat()]}
    body = {"push_source_name": "client_usage_push", "to": "online_and_offline", "df": rows}
    status, answer = post(port, "/push", body)
    assert status == 200, answer
    assert requests_of(port, "new") == 3
    assert list(features_image.inside("/tmp/lake").rglob("*.parquet"))


def test_a_command_of_another_image_says_what_it_misses(features_image):
    process = features_image.start("/opt/tokenlake/bin/tokenlake", "run", "/tmp/none.yaml")
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in output
