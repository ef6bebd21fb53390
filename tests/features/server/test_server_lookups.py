"""What the server answers: Feast's JSON, as `feast serve` 0.67 answered the same requests."""

import json

import pytest
from served_rows import NOW, REQUEST
from server_process import RunningServer

EPOCH = "1970-01-01T00:00:00Z"
NOW_TEXT = f"{NOW:%Y-%m-%dT%H:%M:%S}.123Z"


def test_join_keys_come_first_and_have_no_time(server: RunningServer) -> None:
    found = server.features(REQUEST)
    assert found.status == 200
    assert found.headers["content-type"] == "application/json"
    names = found.json["metadata"]["feature_names"]
    assert names[:4] == ["source_language", "target_language", "client_id", "pairs"]
    assert found.json["results"][0] == {
        "values": ["de", "xx"],
        "statuses": ["PRESENT", "PRESENT"],
        "event_timestamps": [EPOCH, EPOCH],
    }


def test_a_value_has_its_status_and_the_event_time_of_its_row(server: RunningServer) -> None:
    assert server.features(REQUEST).column("pairs") == {
        "values": [10, None],
        "statuses": ["PRESENT", "NOT_FOUND"],
        "event_timestamps": [NOW_TEXT, EPOCH],
    }


def test_a_value_older_than_its_view_allows_is_not_served(server: RunningServer) -> None:
    found = server.features(REQUEST).column("requests_1h")
    assert found["values"] == [7, None]
    assert found["statuses"] == ["PRESENT", "OUTSIDE_MAX_AGE"]


def test_times_are_seconds_and_nan_is_a_text(server: RunningServer) -> None:
    assert server.features(REQUEST).column("last_request")["values"] == [int(NOW.timestamp()), None]
    found = server.features({"feature_service": "mixture", "entities": {"source": ["source-1", "nobody"]}})
    assert found.column("kept_share")["values"] == ["NaN", None]


def test_on_demand_features_are_computed_from_stored_ones_and_the_request(server: RunningServer) -> None:
    found = server.features(REQUEST)
    assert found.column("expected_target_characters")["values"] == [125.0, None]
    assert found.column("remaining_characters")["values"] == [100_000, None]


def test_features_can_be_asked_for_by_their_names(server: RunningServer) -> None:
    request = {
        "features": ["client_usage:requests_1h", "client_profile:tier"],
        "entities": {"client_id": ["acme"]},
        "full_feature_names": True,
    }
    found = server.features(request)
    assert found.json["metadata"]["feature_names"] == [
        "client_id",
        "client_usage__requests_1h",
        "client_profile__tier",
    ]
    assert [result["values"] for result in found.json["results"]] == [["acme"], [7], ["premium"]]


def test_the_metadata_names_the_views_if_asked_to(server: RunningServer) -> None:
    request = {"feature_service": "mixture", "entities": {"source": ["x"]}}
    assert "feature_view_metadata" not in server.features(request).json["metadata"]
    found = server.features({**request, "include_feature_view_version_metadata": True})
    assert found.json["metadata"]["feature_view_metadata"] == [{"name": "source_quality"}]


def test_no_rows_are_an_empty_answer(server: RunningServer) -> None:
    found = server.features({"feature_service": "mixture", "entities": {"source": []}})
    assert found.status == 200
    assert {"values": [], "statuses": [], "event_timestamps": []} in found.json["results"]


def test_a_connection_serves_many_requests(server: RunningServer) -> None:
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    for number in range(20):
        body = json.dumps({"feature_service": "mixture", "entities": {"source": [f"source-{number}"]}})
        connection.request("POST", "/get-online-features", body)
        assert json.loads(connection.getresponse().read())["results"][1]["values"] == [number]
    connection.close()


BAD = {
    "no JSON": (b"{", 422),
    "another shape": (b"[]", 422),
    "no entities": (b"{}", 422),
    "not Unicode": (b'{"entities": {"source": ["\xff"]}}', 422),
    "nested deeply": (b'{"entities": {"source": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}", 422),
    "nothing asked": ({"entities": {"source": ["a"]}}, 422),
    "no such service": ({"feature_service": "nope", "entities": {"source": ["a"]}}, 404),
    "no such view": ({"features": ["nope:x"], "entities": {"source": ["a"]}}, 404),
    "no such feature": ({"features": ["source_quality:nope"], "entities": {"source": ["a"]}}, 404),
    "no reference": ({"features": ["source_quality"], "entities": {"source": ["a"]}}, 422),
    "one name twice": ({"features": ["source_quality:tokens"] * 2, "entities": {"source": ["a"]}}, 422),
    "a column missing": ({"feature_service": "mixture", "entities": {}}, 422),
    "a column too many": ({"feature_service": "mixture", "entities": {"source": ["a"], "x": [1]}}, 422),
    "lengths differ": ({**REQUEST, "entities": {**REQUEST["entities"], "client_id": ["acme"]}}, 422),
    "a key of another type": ({"feature_service": "mixture", "entities": {"source": [1]}}, 422),
    "a key of null": ({"feature_service": "mixture", "entities": {"source": [None]}}, 422),
    "half a character": (b'{"feature_service": "mixture", "entities": {"source": ["\\ud800"]}}', 422),
    "a key over its size": ({"feature_service": "mixture", "entities": {"source": ["a" * 9000]}}, 422),
    "a value of another type": (
        {**REQUEST, "entities": {**REQUEST["entities"], "source_characters": ["a", "b"]}},
        422,
    ),
    "a value over its range": (
        {**REQUEST, "entities": {**REQUEST["entities"], "source_characters": [1 << 63, 1]}},
        422,
    ),
    "a value of 400 digits": (
        {**REQUEST, "entities": {**REQUEST["entities"], "source_characters": [10**400, 1]}},
        422,
    ),
    "too many entities": ({"feature_service": "mixture", "entities": {"source": ["a"] * 100_000}}, 413),
    "too long a body": (b'{"entities": "' + b"a" * (9 << 20) + b'"}', 413),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_has_a_status_and_says_what_is_wrong(server: RunningServer, name: str) -> None:
    body, status = BAD[name]
    found = server.features(body)
    assert found.status == status, found.body
    assert found.json["status_code"] == status
    assert len(found.json["detail"]) > 10


def test_a_deadline_may_be_asked_for(server: RunningServer) -> None:
    assert server.features(REQUEST, x_timeout_ms="500").status == 200
    assert server.features(REQUEST, x_timeout_ms="soon").status == 400


def test_an_unknown_path_and_an_unknown_method_have_a_status(server: RunningServer) -> None:
    assert server.ask("/nope").status == 404
    found = server.ask("/get-online-features", method="GET")
    assert (found.status, found.headers["allow"]) == (405, "POST")


def test_a_body_that_does_not_come_ends_at_the_deadline(server: RunningServer) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"POST /get-online-features HTTP/1.1\r\nHost: x\r\nX-Timeout-Ms: 300\r\nContent-Length: 9\r\n\r\n{"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
