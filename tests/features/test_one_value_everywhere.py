"""Whatever the histories, however they reached the store: everyone who asks for an entity's features gets one answer.

A training set as of now, `tokenlake features get`, the server by HTTP and by gRPC, and Feast's SDK are asked for the
same entities. What the answer should be is known to the training set alone: it reads the tables, the others the store.
"""

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feast
import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.catalogue.catalogue import CATALOGUE
from features.definition.value_type import ValueType
from features.definition.view import CREATED, EVENT_TIMESTAMP, Feature, FeatureService, View
from features.freshness import Status
from features.plan import Plan
from features.server.protos import serving_pb2 as messages
from features.training_sets.inputs import Request
from features.training_sets.specification import Specification
from features.training_sets.table import make
from jobs.cli import main
from jobs.engine.base import Engine
from lake.lake import Lake
from tests.features import feature_lake
from tests.features.server.server_process import ROOT, RunningServer, serving

pytestmark = pytest.mark.filterwarnings("ignore:The spark data source API:RuntimeWarning")
PLAN = Plan.of(CATALOGUE)
SERVICES = ["translation_request", "translation_memory", "terminology"]
LOOKUPS = 40
BATCHES = 3
NOW = datetime.now(UTC)

AGES = [timedelta(minutes=10), *[timedelta(hours=each) for each in (23, 25, 72, 73, 74, 1000)]]
"""Of rows; `client_usage` counts for a day."""
KEYS: Mapping[str, list[str]] = {
    "client_id": [*map(str, range(12)), "acme", "", "a b", "Straße", "😀", "nul\0", "x" * 8_000],
    "domain": ["acme", "", "légal"],
    "source_language": ["de", "en", "tlh"],
    "target_language": ["de", "en", "tlh"],
    "segment_id": ["0" * 32, "f" * 32, "s"],
    "term": ["0" * 16, "t"],
}
TEXTS = ["", "one", "größer 😀", "line\nbreak", "nul\0", "y" * 3_000]

Answer = list[dict[str, tuple[Any, Status | None]]]
"""For each entity: feature -> value and status; None where the answer has no status."""


@pytest.mark.parametrize("seed", range(3))
def test_everyone_gets_one_answer(
    seed: int, lake_root: Path, store: str, server: RunningServer, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(seed)
    for batch in range(BATCHES):
        for view in _views():
            feature_lake.append(Lake(str(lake_root)), view, _history(view, draw, batch))
        assert main(["features", "materialize", str(lake_root), "--online", store]) == 0
    _push(server, "acme", 77)

    statuses = set()
    for service in map(_service, SERVICES):
        columns = _entities(service, draw)
        request = {"source_characters": [draw.randrange(1000) for _ in range(LOOKUPS)]} if service.on_demand else {}
        expected = _trained(Lake(str(lake_root), engine), service, columns | request)
        capsys.readouterr()
        assert _got(store, service, columns, request, capsys) == expected
        assert _by_http(server, service, columns | request) == expected
        assert _by_grpc(server, service, columns | request) == expected
        _assert_sdk_agrees(service, columns | request, expected)
        statuses |= {status for row in expected for _, status in row.values()}
    assert statuses == {Status.PRESENT, Status.NULL_VALUE, Status.NOT_FOUND, Status.OUTSIDE_MAX_AGE}


@pytest.fixture
def lake_root(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake without rows whose definitions are in the store, and in Feast's registry."""
    assert main(["features", "apply", str(tmp_path), "--online", store]) == 0
    monkeypatch.setenv("TOKENLAKE_LAKE", str(tmp_path))
    monkeypatch.setenv("TOKENLAKE_FEAST_REDIS", store.removeprefix("valkey://").replace("/", ",db="))
    return tmp_path


@pytest.fixture
def server(lake_root: Path, store: str) -> Iterator[RunningServer]:
    """A server that runs from before the first row on."""
    with serving(lake_root, "--online", store) as running:
        yield running


def _views() -> Iterator[View]:
    names = {selection.view.name for service in map(_service, SERVICES) for selection in service.selections}
    return (view for view in CATALOGUE.views if view.name in names)


def _service(name: str) -> FeatureService:
    return next(service for service in CATALOGUE.services if service.name == name)


def _history(view: View, draw: random.Random, batch: int) -> list[dict[str, Any]]:
    """Rows in any order of events: late ones, corrections of the same event time, nulls, entities that are gone."""
    rows = []
    for number in range(draw.randrange(8, 20)):
        gone = draw.random() < 0.15
        created = NOW - timedelta(seconds=1000 * (BATCHES - batch) - number)
        event = NOW - draw.choice(AGES) - timedelta(minutes=draw.randrange(3), microseconds=draw.randrange(2))
        values = {each.name: None if gone else _value(each, draw) for each in view.features}
        rows.append({**_key(view, draw), **values, EVENT_TIMESTAMP: event, CREATED: created})
    return rows


def _key(view: View, draw: random.Random) -> dict[str, str]:
    return {
        name: draw.choice(KEYS[name][:-1]) for name in view.join_keys
    }  # nobody has the last one, but for languages


def _value(feature: Feature, draw: random.Random) -> Any:
    expect, value_type = feature.expect, feature.value_type
    if not expect.required and draw.random() < 0.2:
        return None
    if expect.allowed is not None:
        return draw.choice(expect.allowed)
    if value_type.is_list:
        return draw.choices(TEXTS, k=draw.randrange(4))
    if value_type is ValueType.STRING:
        return draw.choice(TEXTS)
    if value_type is ValueType.BOOL:
        return draw.random() < 0.5
    if value_type is ValueType.UNIX_TIMESTAMP:
        return draw.choice([datetime(1969, 12, 31, 23, tzinfo=UTC), NOW.replace(microsecond=0)])
    if value_type.is_floating:
        return draw.choice([0.0, -0.0, 0.1, 1 / 3, 1.0])
    largest = 2**31 - 1 if value_type is ValueType.INT32 else 2**53 + 1
    return draw.choice([1, 250, largest])


def _entities(service: FeatureService, draw: random.Random) -> dict[str, list[str]]:
    names = {name for selection in service.selections for name in selection.view.join_keys}
    return {name: draw.choices(KEYS[name], k=LOOKUPS) for name in sorted(names)}


def _push(server: RunningServer, client: str, requests: int) -> None:
    df = {"client_id": [client], "requests_1h": [requests], "mean_latency_ms": [0.1]}
    body = {"push_source_name": "client_usage_push", "df": df, "to": "online_and_offline"}
    assert server.ask("/push", body).status == 200


def _trained(lake: Lake, service: FeatureService, columns: Mapping[str, Sequence[Any]]) -> Answer:
    """The rows of a training set as of now, in the order of the entities."""
    count = len(next(iter(columns.values())))
    now = pa.array([datetime.now(UTC)] * count, pa.timestamp("us", "UTC"))
    file = Path(lake.root) / "entities.parquet"
    pq.write_table(pa.table({**columns, "n": range(count), EVENT_TIMESTAMP: now}), file)
    asked = Request(service.name, Specification.of(PLAN, service.name), str(file), {}, PLAN.fingerprint)
    table = make(lake, asked, 2).commit.table
    rows = sorted(lake.read_here(table, lake.schema(table).names).to_pylist(), key=lambda row: row["n"])
    views = [(selection.view, selection.features) for selection in service.selections]
    on_demand = [each.name for view in service.on_demand for each in view.features]
    answer = []
    for row in rows:
        found = {name: (_plain(row[name]), _status(None, row[name])) for name in on_demand}
        for view, names in views:
            status = Status(row[f"{view.name}__status"])
            found |= {name: (_plain(row[name]), _status(status, row[name])) for name in names}
        answer.append(found)
    return answer


def _status(of_view: Status | None, value: Any) -> Status:
    """The status of a feature, from that of its row."""
    if of_view in (Status.NOT_FOUND, Status.OUTSIDE_MAX_AGE):
        return of_view
    return Status.NULL_VALUE if value is None else Status.PRESENT


def _got(
    store: str,
    service: FeatureService,
    columns: Mapping[str, Sequence[str]],
    request: Mapping[str, Sequence[int]],
    capsys: pytest.CaptureFixture[str],
) -> Answer:
    """What `tokenlake features get` prints."""
    words = ["features", "get", "--online", store, "--json", "--service", service.name, *_words(columns)]
    assert main([*words, *(["--request", *_words(request)] if request else [])]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    times = {each.name for view in _views() for each in view.features if each.value_type is ValueType.UNIX_TIMESTAMP}

    def value(feature: Mapping[str, Any]) -> Any:
        is_time = feature["name"] in times and feature["value"] is not None
        return _plain(datetime.fromisoformat(feature["value"]) if is_time else feature["value"])

    return [{each["name"]: (value(each), Status[each["status"]]) for each in row["features"]} for row in rows]


def _words(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    return [f"{name}={value}" for name, column in columns.items() for value in column]


def _by_http(server: RunningServer, service: FeatureService, columns: Mapping[str, Sequence[Any]]) -> Answer:
    found = server.features({"feature_service": service.name, "entities": columns})
    assert found.status == 200, found.body
    names, results = found.json["metadata"]["feature_names"], found.json["results"]
    named = {name: result for name, result in zip(names, results, strict=True) if name not in columns}
    return [
        {name: (_plain(each["values"][row]), Status[each["statuses"][row]]) for name, each in named.items()}
        for row in range(LOOKUPS)
    ]


def _by_grpc(server: RunningServer, service: FeatureService, columns: Mapping[str, Sequence[Any]]) -> Answer:
    request = messages.GetOnlineFeaturesRequest(feature_service=service.name)
    for name, column in columns.items():
        for value in column:
            field = {"string_val": value} if isinstance(value, str) else {"int64_val": value}
            request.entities[name].val.add(**field)
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        call = channel.unary_unary("/feast.serving.ServingService/GetOnlineFeatures")
        found = messages.GetOnlineFeaturesResponse.FromString(call(request.SerializeToString(), timeout=10))
    named = {
        name: result
        for name, result in zip(found.metadata.feature_names.val, found.results, strict=True)
        if name not in columns
    }
    return [
        {name: (_native(each.values[row]), Status(each.statuses[row])) for name, each in named.items()}
        for row in range(LOOKUPS)
    ]


def _native(value: Any) -> Any:
    kind = value.WhichOneof("val")
    if kind is None:
        return None
    found = getattr(value, kind)
    return _plain(list(found.val) if kind.endswith("_list_val") else found)


def _assert_sdk_agrees(service: FeatureService, columns: dict[str, list[Any]], expected: Answer) -> None:
    """Feast's SDK has no maximum age: it is asked for nothing that is too old, nor made from what is."""
    sdk = feast.FeatureStore(fs_yaml_file=ROOT / "features" / "feature_store.valkey.yaml")
    found = sdk.get_online_features(sdk.get_feature_service(service.name), columns).to_dict()
    on_demand = {each.name for view in service.on_demand for each in view.features}
    compared = 0
    for row, features in enumerate(expected):
        has_old = any(status is Status.OUTSIDE_MAX_AGE for _, status in features.values())
        for name, (value, status) in features.items():
            if status is not Status.OUTSIDE_MAX_AGE and not (has_old and name in on_demand):
                assert _plain(found[name][row]) == value, (service.name, name, row)
                compared += 1
    assert compared > LOOKUPS


def _plain(value: Any) -> Any:
    """A value in one form: times as seconds since the epoch, numbers with a point as text, which shows -0.0."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return math.floor(aware.timestamp())
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return repr(value) if isinstance(value, float) else value
