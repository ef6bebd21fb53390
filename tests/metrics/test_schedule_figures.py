"""Figures of schedules, from objects as the Spark operator writes them."""

import ssl
from datetime import UTC, datetime

import pytest
from exposition_reader import value

from jobs.metrics.exposition import text
from jobs.metrics.kubernetes import Cluster, ClusterError
from jobs.metrics.schedules import cluster_figures, schedule_figures

NOW = datetime(2026, 11, 27, 2, 0, tzinfo=UTC).timestamp()


def schedule(name: str, suspend: bool = False, **status: str) -> dict:
    return {"metadata": {"name": name}, "spec": {"schedule": "0 1 * * *", "suspend": suspend}, "status": status}


def application(name: str, job: str, state: str) -> dict:
    status = {"applicationState": {"state": state}} if state else {}
    return {"metadata": {"name": name, "labels": {"tokenlake.io/job": job}}, "status": status}


def figures(schedules: list[dict], applications: list[dict]) -> str:
    return text(schedule_figures(schedules, applications, NOW), "l")


def test_a_schedule_in_order():
    found = figures(
        [
            schedule(
                "tokenlake-ingest",
                lastRun="2026-11-27T01:00:00Z",
                lastRunName="tokenlake-ingest-1",
                nextRun="2026-11-28T01:00:00Z",
                scheduleState="Scheduled",
            )
        ],
        [application("tokenlake-ingest-1", "ingest", "COMPLETED")],
    )
    place = {"schedule": "tokenlake-ingest"}
    assert value(found, "schedule_last_run_timestamp_seconds", **place) == NOW - 3600
    assert value(found, "schedule_next_run_timestamp_seconds", **place) == NOW + 23 * 3600
    for name in ("schedule_missed", "schedule_suspended", "schedule_invalid"):
        assert value(found, name, **place) == 0
    assert value(found, "schedule_last_state", **place, state="COMPLETED") == 1


@pytest.mark.parametrize(("following", "missed"), [("2026-11-27T01:58:59Z", 1), ("2026-11-27T01:59:01Z", 0)])
def test_a_run_that_was_due_more_than_a_minute_ago_is_missed(following, missed):
    found = figures([schedule("a", nextRun=following, scheduleState="Scheduled")], [])
    assert value(found, "schedule_missed", schedule="a") == missed


def test_a_suspended_schedule_misses_nothing():
    found = figures([schedule("a", suspend=True, nextRun="2026-11-20T01:00:00Z")], [])
    assert (value(found, "schedule_suspended", schedule="a"), value(found, "schedule_missed", schedule="a")) == (1, 0)


def test_a_schedule_that_the_operator_refuses_and_one_that_it_has_not_seen():
    found = figures([schedule("a", scheduleState="FailedValidation"), {**schedule("b"), "status": {}}], [])
    assert (value(found, "schedule_invalid", schedule="a"), value(found, "schedule_invalid", schedule="b")) == (1, 0)
    assert value(found, "schedule_next_run_timestamp_seconds", schedule="b") is None


def test_applications_are_counted_by_job_and_state():
    found = figures(
        [],
        [
            application("a-1", "clean", "COMPLETED"),
            application("a-2", "clean", "COMPLETED"),
            application("b-1", "dedup", "FAILED"),
            application("c-1", "pack", ""),
        ],
    )
    assert value(found, "applications", spark_job="clean", state="COMPLETED") == 2
    assert value(found, "applications", spark_job="dedup", state="FAILED") == 1
    assert value(found, "applications", spark_job="pack", state="NEW") == 1


def test_an_api_server_that_is_away_is_told(tmp_path):
    (tmp_path / "token").write_text("t")
    (tmp_path / "ca.crt").write_text("".join(_authorities()))
    found, problem = cluster_figures(Cluster("127.0.0.1", "1", tmp_path), "tokenlake")
    assert value(text(found, "l"), "kubernetes_up") == 0
    assert "https://127.0.0.1:1/apis/sparkoperator.k8s.io" in problem


def test_a_pod_without_its_token_is_told(tmp_path):
    with pytest.raises(ClusterError, match="token"):
        list(Cluster("127.0.0.1", "1", tmp_path).objects("tokenlake", "sparkapplications"))


def _authorities() -> list[str]:
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    return [ssl.DER_cert_to_PEM_cert(each) for each in context.get_ca_certs(binary_form=True)[:1]]
