"""The API server's copy of our NetworkPolicies lets a run work, and a stranger do nothing.

Evaluated here by their definition, because not every cluster has a network plugin that enforces them.
"""

import pytest
from network_rules import Peer, allows
from real_cluster import OURS

SPARK_PORTS = (7078, 7079, 41234)  # of the driver, of its blocks, and any that an executor chooses


@pytest.fixture(scope="module")
def policies(site, cluster):
    site.install()
    found = cluster.all("networkpolicies", OURS)
    assert found
    return found


@pytest.fixture
def pod(cluster):
    """A pod of a job, with the labels that its template and Spark give it."""

    def pod(job, role):
        template = cluster.get("scheduledsparkapplication", f"tokenlake-{job}")["spec"]["template"][role]["template"]
        return Peer(cluster.namespace, {**template["metadata"]["labels"], "spark-role": role})

    return pod


def test_drivers_and_executors_reach_each_other_on_any_port(policies, pod):
    driver, executor = pod("clean", "driver"), pod("clean", "executor")
    pairs = [(driver, executor), (executor, driver), (executor, executor)]
    assert all(allows(policies, *pair, port) for pair in pairs for port in SPARK_PORTS)


def test_both_reach_the_object_store_and_the_dns(policies, pod):
    dns = Peer("kube-system", {"k8s-app": "kube-dns"})
    for each in (pod("clean", "driver"), pod("clean", "executor")):
        assert allows(policies, each, Peer(address="52.216.0.1"), 443)
        assert allows(policies, each, Peer(address="10.96.0.77"), 9000)
        assert allows(policies, each, dns, 53, "UDP")


def test_only_a_driver_reaches_the_api_server(policies, pod):
    api_server = Peer(address="192.0.2.10")
    assert allows(policies, pod("clean", "driver"), api_server, 6443)
    assert not allows(policies, pod("clean", "executor"), api_server, 6443)


def test_only_materialize_reaches_the_online_store(policies, pod):
    store = Peer("stores", {"app": "valkey"})
    assert allows(policies, pod("materialize", "executor"), store, 6379)
    assert not allows(policies, pod("clean", "executor"), store, 6379)


def test_a_stranger_reaches_no_pod_and_a_pod_reaches_no_stranger(policies, pod, cluster):
    driver = pod("clean", "driver")
    for stranger in (
        Peer("default", {"app": "web"}),
        Peer(cluster.namespace, {"app": "web"}),
        Peer(address="192.0.2.1"),
    ):
        assert not allows(policies, stranger, driver, 7078)
        assert not allows(policies, driver, stranger, 8080)
    metadata_service = Peer(address="169.254.169.254")
    assert not allows(policies, driver, metadata_service, 80)
