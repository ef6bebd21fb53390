"""gRPC: Feast's calls and messages, statuses for what is wrong, the health protocol."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served_rows import NOW, REQUEST
from server_process import ROOT, RunningServer

from features.server.protos import serving_pb2 as messages

METHOD = "/feast.serving.ServingService/GetOnlineFeatures"


@pytest.fixture
def channel(server: RunningServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as opened:
        yield opened


def request() -> messages.GetOnlineFeaturesRequest:
    made = messages.GetOnlineFeaturesRequest(feature_service="translation_request")
    for name, column in REQUEST["entities"].items():
        for value in column:
            if isinstance(value, str):
                made.entities[name].val.add(string_val=value)
            else:
                made.request_context[name].val.add(int64_val=value)
    return made


REQUEST_BYTES = request().SerializeToString()


def call(channel: grpc.Channel, data: bytes, **options) -> bytes:
    return channel.unary_unary(METHOD)(data, timeout=10, **options)


def status_of(channel: grpc.Channel, data: bytes, **options) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as raised:
        call(channel, data, **options)
    return raised.value.code(), raised.value.details()


def columns(response) -> dict[str, list]:
    names = response.metadata.feature_names.val
    return dict(zip(names, response.results, strict=True))


def test_features_come_as_typed_values(channel: grpc.Channel) -> None:
    found = columns(messages.GetOnlineFeaturesResponse.FromString(call(channel, request().SerializeToString())))
    assert [value.int64_val for value in found["pairs"].values] == [10, 0]
    assert list(found["pairs"].statuses) == [messages.PRESENT, messages.NOT_FOUND]
    assert found["pairs"].event_timestamps[0].ToMicroseconds() == int(NOW.timestamp() * 1000) * 1000
    assert found["mean_latency_ms"].values[0].float_val == 0.5
    assert found["last_request"].values[0].unix_timestamp_val == int(NOW.timestamp())
    assert found["expected_target_characters"].values[0].double_val == 125.0
    assert found["expected_target_characters"].values[1].WhichOneof("val") is None


@pytest.fixture(scope="module")
def feast(server: RunningServer) -> dict[str, Any]:
    """What a client with Feast's own messages sees, and their fields."""
    pytest.importorskip("grpc")
    script = Path(__file__).with_name("feast_client.py")
    words = [sys.executable, str(script), str(server.grpc_port), json.dumps(REQUEST["entities"])]
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def test_feasts_own_messages_are_understood(feast: dict[str, Any]) -> None:
    names = feast["names"]
    assert names[-1] == "remaining_characters"
    assert feast["values"][names.index("client_id")] == ["acme", "gone"]
    assert feast["values"][names.index("pairs")] == [10, None]
    assert feast["statuses"][names.index("requests_1h")] == ["PRESENT", "OUTSIDE_MAX_AGE"]


def test_both_protocols_answer_the_same(channel: grpc.Channel, server: RunningServer) -> None:
    by_grpc = columns(messages.GetOnlineFeaturesResponse.FromString(call(channel, request().SerializeToString())))
    by_http = server.features(REQUEST)
    names = by_http.json["metadata"]["feature_names"]
    assert sorted(names) == sorted(by_grpc)
    for name in names:
        statuses = [messages.FieldStatus.Name(status) for status in by_grpc[name].statuses]
        assert statuses == by_http.column(name)["statuses"], name


def test_malformed_bytes_are_an_invalid_argument(channel: grpc.Channel) -> None:
    code, details = status_of(channel, b"\xff\xff\xff")
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "GetOnlineFeaturesRequest" in details


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.binary(max_size=40) | st.builds(lambda head, tail: head + tail, st.just(REQUEST_BYTES), st.binary(max_size=9))
)
def test_bytes_of_any_kind_are_answered_or_refused(channel: grpc.Channel, data: bytes) -> None:
    code = channel.unary_unary(METHOD).future(data, timeout=10).code()
    assert code in (grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)


def test_an_unknown_service_is_not_found(channel: grpc.Channel) -> None:
    sent = messages.GetOnlineFeaturesRequest(feature_service="nope").SerializeToString()
    code, details = status_of(channel, sent)
    assert code is grpc.StatusCode.NOT_FOUND
    assert "mixture" in details


def test_a_key_of_another_type_is_an_invalid_argument(channel: grpc.Channel) -> None:
    sent = messages.GetOnlineFeaturesRequest(feature_service="mixture")
    sent.entities["source"].val.add(int64_val=1)
    assert status_of(channel, sent.SerializeToString())[0] is grpc.StatusCode.INVALID_ARGUMENT


def test_a_message_over_the_limit_is_refused(channel: grpc.Channel) -> None:
    assert status_of(channel, b"a" * (9 << 20))[0] is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_serving_info_names_this_server(channel: grpc.Channel) -> None:
    data = channel.unary_unary("/feast.serving.ServingService/GetFeastServingInfo")(b"", timeout=10)
    assert messages.GetFeastServingInfoResponse.FromString(data).version.startswith("tokenlake ")


def test_health_is_serving(channel: grpc.Channel) -> None:
    assert channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10) == b"\x08\x01"


def test_the_committed_messages_are_those_that_the_proto_file_generates(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools")
    import importlib.util

    script = importlib.util.spec_from_file_location("generate_protos", ROOT / "scripts" / "generate_protos.py")
    module = importlib.util.module_from_spec(script)
    script.loader.exec_module(module)
    for made in module.generate(tmp_path):
        assert made.read_text() == (ROOT / made.relative_to(tmp_path)).read_text()


def test_field_numbers_are_feasts(feast: dict[str, Any]) -> None:
    ours = {
        message.name: {field.name: [field.number, field.type] for field in message.fields}
        for message in messages.DESCRIPTOR.message_types_by_name.values()
    }
    assert len(ours) > 15
    for name, fields in ours.items():
        assert {field: feast["fields"][name].get(field) for field in fields} == fields, name
