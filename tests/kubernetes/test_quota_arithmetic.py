"""What a run asks of its namespace, beside what a quota allows."""

import pytest
from documents import schedule
from hypothesis import given
from hypothesis import strategies as st

from jobs.kubernetes.quota import exceeded, needed, number, shortages, spark_bytes

GIB = 1024**3

ROLES = {
    "driver": {"cores": 1, "memory": "2g", "memory_overhead": "1g"},
    "executor": {"cores": 2, "memory": "3g", "memory_overhead": "4g", "min": 1, "initial": 2, "max": 9},
}

REFUSAL = (
    'pods "tokenlake-ingest-driver" is forbidden: exceeded quota: tokenlake, '
    "requested: limits.memory=3Gi,requests.memory=3Gi, used: limits.memory=22Gi,requests.memory=21Gi, "
    "limited: limits.memory=24Gi,requests.memory=24Gi. Received status: Status(apiVersion=v1"
)


def spec():
    return schedule("ingest", jobs={"ingest": ROLES}).template


def quota(used=None, **hard):
    named = {key.replace("_", "."): value for key, value in hard.items()}
    taken = {key.replace("_", "."): value for key, value in (used or {}).items()}
    return {"metadata": {"name": "tokenlake"}, "spec": {"hard": named}, "status": {"hard": named, "used": taken}}


def test_driver_and_first_executors_are_counted():
    memory = 3 * GIB + 2 * 7 * GIB
    assert needed(spec()) == {"pods": 3, "requests.cpu": 5, "requests.memory": memory, "limits.memory": memory}


def test_executors_of_a_run_without_dynamic_allocation():
    fixed = {**spec(), "dynamicAllocation": {"enabled": False}}
    fixed["executor"] = {**fixed["executor"], "instances": 4}
    assert needed(fixed)["pods"] == 5


def test_overhead_that_nobody_names_is_what_spark_adds_for_python():
    bare = {"driver": {"memory": "10g"}, "executor": {"memory": "512m", "instances": 1}}
    assert needed(bare)["requests.memory"] == 14 * GIB + (512 + 384) * 1024**2


def test_quota_that_fits_says_nothing():
    assert list(shortages(spec(), [quota(requests_cpu="5", requests_memory="17Gi", pods="3")], "ingest")) == []


def test_quota_that_can_never_fit_names_the_figures_to_raise():
    (said,) = shortages(spec(), [quota(requests_memory="16Gi")], "ingest")
    assert said == (
        "the driver and its first executors ask for 17Gi of requests.memory, and quota tokenlake allows 16Gi in all: "
        "raise quota.memory in the values, or let the job ask for less (jobs.ingest.driver.memory)"
    )


@pytest.mark.parametrize(
    ("hard", "key"),
    [({"pods": "2"}, "quota.pods"), ({"requests_cpu": "4500m"}, "quota.cpu"), ({"cpu": "4"}, "quota.cpu")],
)
def test_each_figure_has_its_key(hard, key):
    (said,) = shortages(spec(), [quota(**hard)], "ingest")
    assert f"raise {key} in the values" in said


def test_what_others_use_is_said_as_waiting():
    taken = quota(used={"requests_cpu": "6"}, requests_cpu="8")
    (said,) = shortages(spec(), [taken], "ingest")
    assert "quota tokenlake has 2 of 8 left until others end" in said


def test_pods_of_the_run_itself_are_not_counted_twice():
    assert list(shortages(spec(), [quota(used={"requests_cpu": "5"}, requests_cpu="8")], "ingest", running=True)) == []


def test_quota_for_some_pods_only_is_left_out():
    scoped = quota(pods="1")
    scoped["spec"]["scopes"] = ["BestEffort"]
    assert list(shortages(spec(), [scoped], "ingest")) == []


def test_refusal_becomes_one_line_with_the_figure_that_is_exceeded():
    assert exceeded(REFUSAL, "ingest") == (
        "exceeded quota: tokenlake: a driver asks for 3Gi of limits.memory, and 22Gi of 24Gi are in use: raise "
        "quota.memory in the values, or let the job ask for less (jobs.ingest.driver.memory)"
    )


def test_refused_executor_names_the_keys_of_executors():
    assert "jobs.dedup.executor.memory" in (exceeded(REFUSAL, "dedup", "executor") or "")


def test_other_refusals_are_none_of_a_quota():
    assert exceeded('pods "x" is forbidden: violates PodSecurity', "ingest") is None


@pytest.mark.parametrize(
    ("written", "value"),
    [("500m", 0.5), ("2", 2), ("1k", 1000), ("2Gi", 2 * GIB), ("1.5Gi", 1.5 * GIB), ("128974848", 128974848)],
)
def test_quantities_of_kubernetes(written, value):
    assert number(written) == value


@pytest.mark.parametrize("text", ["", "Gi", "2 Gi", "1e3x", "-1"])
def test_what_is_no_quantity(text):
    with pytest.raises(ValueError, match="no quantity"):
        number(text)


@given(st.integers(1, 10**6), st.sampled_from("mg"))
def test_memory_of_spark_equals_the_quantity_of_its_pod(count, unit):
    assert spark_bytes(f"{count}{unit}") == number(f"{count}{unit.upper()}i")
