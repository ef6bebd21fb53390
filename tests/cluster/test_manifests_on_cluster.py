"""What the API server says of our manifests, and of the pods that come of them: schemas, admission, Pod Security."""

from pathlib import Path

import pytest
import yaml
from commands import PROJECT, succeed
from templates import pods_of

OVERLAYS = sorted(path.parent.name for path in Path(PROJECT, "k8s", "overlays").glob("*/values.yaml"))

OF_OTHER_OPERATORS = {"PodMonitor", "PrometheusRule", "ServiceMonitor"}
"""Kinds that a cluster need not know: those of the Prometheus operator."""


def overlay(cluster, name):
    """The objects of an overlay, in the tests' namespace: in one that is not there, a dry run makes nothing."""
    values = Path(PROJECT, "k8s", "overlays", name, "values.yaml")
    text = succeed("k8s", "render", values, "--set", f"namespace={cluster.namespace}").output
    return [each for each in yaml.safe_load_all(text) if each]


def dry_run(cluster, objects):
    """What the API server says when it creates these and throws them away: schema, webhooks, admission."""
    options = ("--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "--filename=-")
    return cluster.ask("apply", *options, standard_input=yaml.safe_dump_all(objects))


@pytest.fixture(scope="module")
def installed(site):
    """The site, with Pod Security enforced in its namespace."""
    site.install()
    return site


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_server_takes_every_object_of_every_overlay(cluster, name):
    served = cluster.kubectl("api-resources", "--no-headers").split()
    objects = [
        each for each in overlay(cluster, name) if each["kind"] in served or each["kind"] not in OF_OTHER_OPERATORS
    ]
    said = dry_run(cluster, objects)
    assert said.status == 0, said.error
    assert "deprecated" not in said.error
    assert len(said.output.splitlines()) == len(objects)


@pytest.mark.parametrize("name", OVERLAYS)
def test_pod_security_admits_the_drivers_and_the_executors_of_every_overlay(installed, cluster, name):
    schedules = [each for each in overlay(cluster, name) if each["kind"] == "ScheduledSparkApplication"]
    pods = [pod for schedule in schedules for pod in pods_of(schedule)]
    said = dry_run(cluster, pods)
    assert said.status == 0, said.error
    assert len(said.output.splitlines()) == len(pods) == 2 * len(schedules) >= 22


def test_pod_security_refuses_a_privileged_driver(installed, cluster):
    schedule = next(each for each in overlay(cluster, "dev") if each["kind"] == "ScheduledSparkApplication")
    pod = next(pods_of(schedule))
    pod["spec"]["containers"][0]["securityContext"]["privileged"] = True
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    said = dry_run(cluster, [pod])
    assert said.status != 0
    assert 'violates PodSecurity "restricted' in said.error
    assert "privileged" in said.error


def test_a_driver_may_start_executors_and_an_executor_may_do_nothing(installed, cluster):
    def may(account, verb, resource, subresource=""):
        user = f"system:serviceaccount:{cluster.namespace}:{account}"
        asked = ("auth", "can-i", verb, resource, f"--subresource={subresource}", f"--as={user}")
        return cluster.ask(*asked).output.strip() == "yes"

    assert may("tokenlake-driver", "create", "pods")
    assert not may("tokenlake-driver", "get", "secrets")
    assert not may("tokenlake-driver", "create", "pods", "exec")
    assert not may("tokenlake-driver", "create", "sparkapplications.sparkoperator.k8s.io")
    asked = [
        (verb, kind) for verb in ("get", "list", "create", "delete") for kind in ("pods", "secrets", "configmaps")
    ]
    assert not any(may("tokenlake-executor", verb, kind) for verb, kind in asked)
