"""What Prometheus is told, and what is logged."""

import json
import time
from pathlib import Path

import pytest
from served_rows import REQUEST
from server_process import serving


def test_values_are_counted_by_view_and_status(
    filled_valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))  # as Feast sets it when it is imported
    with serving(tmp_path, "--online", filled_valkey) as server:
        assert server.features(REQUEST).status == 200
        assert server.features({"feature_service": "made-up", "entities": {}}).status == 404

        def values(view: str, status: str) -> float:
            return server.metric("tokenlake_features_values_total", view=view, status=status)

        assert values("client_profile", "PRESENT") == 3
        assert values("client_profile", "NULL_VALUE") == 1
        assert values("client_profile", "NOT_FOUND") == 4
        assert values("client_usage", "OUTSIDE_MAX_AGE") == 4
        assert values("client_usage", "NOT_FOUND") == 0
        requests = "tokenlake_features_requests_total"
        assert server.metric(requests, service="translation_request", protocol="http", status="200") == 1
        assert server.metric(requests, service="unknown", status="404") == 1
        assert server.metric(requests, service="made-up") == 0
        assert server.metric("tokenlake_features_request_seconds_count", service="translation_request") == 1
        assert server.metric("tokenlake_features_entities_total") == 2
        assert server.metric("tokenlake_features_requests_in_flight") == 0
    assert list(tmp_path.glob("*.db")) == []


def test_freshness_is_the_age_of_the_data_that_was_served(filled_valkey: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--online", filled_valkey) as server:
        server.features(REQUEST)
        age = server.metric("tokenlake_features_served_age_seconds_sum", view="client_usage")
        assert 0 < age < 1800  # of the row that is fresh, not of the one that is two days old
        assert server.metric("tokenlake_features_served_age_seconds_count", view="client_usage") == 1


def test_each_request_is_logged_if_asked_to(filled_valkey: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--online", filled_valkey, "--access-log") as server:
        server.features(REQUEST)
    (event,) = [event for event in server.events if event["event"] == "request"]
    assert (event["method"], event["path"], event["status"]) == ("POST", "/get-online-features", 200)
    assert event["milliseconds"] > 0


def test_a_share_of_requests_is_kept_for_the_consistency_check(filled_valkey: str, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    options = ("--sample-requests", "1", "--request-log", str(folder))
    with serving(tmp_path, "--online", filled_valkey, *options) as server:
        server.features(REQUEST)
        end = time.monotonic() + 5
        while not any(file.stat().st_size for file in folder.glob("*.jsonl")):
            assert time.monotonic() < end
            time.sleep(0.05)
    lines = [json.loads(line) for file in folder.glob("*.jsonl") for line in file.read_text().splitlines()]
    assert len(lines) == 2 * 5  # of each entity, one for each view and on-demand view
