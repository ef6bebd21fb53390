"""Of templates, plain fields and properties, the pods that the operator and Spark make are judged."""

import pytest

from jobs.kubernetes.lint.given import Given
from jobs.kubernetes.lint.node import Document
from jobs.kubernetes.lint.pods import pod_of
from jobs.kubernetes.lint.sizes import executors_at_start, size_of
from jobs.kubernetes.lint.spot import keeps_off, spot_places
from jobs.kubernetes.lint.units import quantity, spark_memory

MIB = 2**20


def application(**spec):
    data = {"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication", "spec": spec}
    return Given([Document("some.yaml", data, None)]).applications[0]


def template(**spec):
    return {"template": {"spec": spec}}


def test_a_plain_security_context_takes_the_place_of_the_templates():
    driver = {
        **template(
            securityContext={"runAsNonRoot": True, "fsGroup": 1},
            containers=[{"name": "spark-kubernetes-driver", "securityContext": {"privileged": True}}],
        ),
        "podSecurityContext": {"fsGroup": 2},
        "securityContext": {"privileged": False},
    }
    pod = pod_of(application(driver=driver), "driver")
    assert pod.security.value == {"fsGroup": 2}
    assert pod.containers[0].security.value == {"privileged": False}


def test_without_a_plain_one_the_templates_stays():
    driver = template(securityContext={"fsGroup": 1}, containers=[{"name": "x", "securityContext": {"runAsUser": 5}}])
    pod = pod_of(application(driver=driver), "driver")
    assert (pod.security["fsGroup"].value, pod.containers[0].security["runAsUser"].value) == (1, 5)


def test_sparks_container_is_known_by_its_name_and_comes_first():
    containers = [{"name": "sidecar", "image": "s"}, {"name": "spark-kubernetes-executor"}]
    executor = {
        **template(containers=containers, initContainers=[{"name": "wait", "image": "w"}]),
        "sidecars": [{"image": "t"}],
    }
    pod = pod_of(application(image="spark", executor=executor), "executor")
    assert [each.image.text for each in pod.containers] == ["spark", "s", "t", "w"]


def test_environment_tolerations_and_mounts_of_both_add_up():
    driver = {
        **template(
            containers=[{"name": "spark-kubernetes-driver", "env": [{"name": "A"}], "volumeMounts": [{"name": "a"}]}],
            tolerations=[{"key": "a"}],
            volumes=[{"name": "a"}],
        ),
        "env": [{"name": "B"}],
        "tolerations": [{"key": "b"}],
        "volumeMounts": [{"name": "b"}],
    }
    pod = pod_of(application(driver=driver, volumes=[{"name": "b"}, {"name": "not-mounted"}]), "driver")
    assert [each["name"].text for each in pod.containers[0].env] == ["A", "B"]
    assert [each["key"].text for each in pod.tolerations] == ["a", "b"]
    assert [each["name"].text for each in pod.volumes] == ["a", "b"]


def test_selectors_and_annotations_come_from_properties_too():
    conf = {
        "spark.kubernetes.node.selector.all": "1",
        "spark.kubernetes.driver.node.selector.mine": "2",
        "spark.kubernetes.executor.node.selector.theirs": "3",
        "spark.kubernetes.driver.annotation.karpenter.sh/do-not-disrupt": "true",
    }
    pod = pod_of(application(sparkConf=conf, nodeSelector={"zone": "a"}), "driver")
    assert {key: place.text for key, place in pod.selectors} == {"zone": "a", "all": "1", "mine": "2"}
    assert [key for key, _ in pod.annotations] == ["karpenter.sh/do-not-disrupt"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("karpenter.sh/capacity-type", "spot"),
        ("cloud.google.com/gke-spot", "true"),
        ("cloud.google.com/gke-preemptible", "true"),
        ("eks.amazonaws.com/capacityType", "SPOT"),
        ("kubernetes.azure.com/scalesetpriority", "spot"),
        ("pool", "spot-pool"),
    ],
)
def test_spot_nodes_of_every_cloud_are_known(key, value):
    selected = pod_of(application(driver={"nodeSelector": {key: value}}), "driver")
    tolerated = pod_of(application(driver={"tolerations": [{"key": key, "value": value}]}), "driver")
    assert [len(list(spot_places(pod))) for pod in (selected, tolerated)] == [1, 1]


@pytest.mark.parametrize(
    "selector",
    [{"karpenter.sh/capacity-type": "on-demand"}, {"cloud.google.com/gke-spot": "false"}, {"pool": "on-demand"}],
)
def test_a_selector_keeps_a_pod_off_spot_nodes(selector):
    pod = pod_of(application(driver={"nodeSelector": selector}), "driver")
    assert keeps_off(pod)
    assert list(spot_places(pod)) == []


@pytest.mark.parametrize("key", ["spotless", "example.com/hotspots", "pool"])
def test_a_word_that_holds_spot_is_no_spot_node(key):
    assert list(spot_places(pod_of(application(driver={"nodeSelector": {key: "a"}}), "driver"))) == []


def test_sizes_are_those_that_spark_computes():
    """2,867 MiB is the limit of a Python driver with 2g that Spark 4.2 made on a cluster."""
    python = application(type="Python", driver={"memory": "2g", "cores": 2, "coreLimit": "2500m"})
    assert size_of(python, "driver").memory // MIB == 2867
    assert (size_of(python, "driver").cpu, float(size_of(python, "driver").cpu_limit)) == (2, 2.5)
    assert size_of(application(type="Scala", driver={"memory": "2g"}), "driver").memory // MIB == 2048 + 384
    assert size_of(application(type="Java", driver={"memory": "10g"}), "driver").memory // MIB == 10240 + 1024
    conf = {"spark.executor.pyspark.memory": "1g", "spark.executor.memory": "2048", "spark.executor.cores": "4"}
    executor = application(type="Python", sparkConf=conf, executor={"memoryOverhead": "512m", "coreRequest": "3"})
    assert size_of(executor, "executor").memory // MIB == 2048 + 512 + 1024
    assert size_of(executor, "executor").cpu == 3


def test_the_first_executors_are_the_largest_of_the_bounds():
    assert executors_at_start(application()) == 1
    assert executors_at_start(application(executor={"instances": 4})) == 4
    dynamic = {"enabled": True, "minExecutors": 2, "initialExecutors": 3, "maxExecutors": 9}
    assert executors_at_start(application(dynamicAllocation=dynamic)) == 3
    assert executors_at_start(application(dynamicAllocation=dynamic, executor={"instances": 5})) == 5
    assert executors_at_start(application(dynamicAllocation={"enabled": True})) == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        ("500m", 0.5),
        ("1.5Gi", 1.5 * 2**30),
        ("1e3", 1000),
        ("12E", 12e18),
        ("2g", None),
        ("", None),
        ("Gi", None),
    ],
)
def test_quantities_of_kubernetes(text, value):
    assert quantity(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2g", 2**31),
        ("2GB", 2**31),
        ("512m", 2**29),
        ("512", 2**29),
        ("1b", 1),
        ("2Gi", None),
        ("1.5g", None),
        ("", None),
    ],
)
def test_memory_of_spark(text, value):
    assert spark_memory(text) == value
