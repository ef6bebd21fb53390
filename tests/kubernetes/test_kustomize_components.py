"""What the components of k8s/components add."""

import shutil

import pytest
import yaml
from pods_of import pods

from jobs.kubernetes import rendering
from jobs.kubernetes.overlay import HOME, STORE_PORTS
from jobs.kubernetes.pods import Manifest
from jobs.kubernetes.values import JOBS, Values


@pytest.fixture(scope="module")
def with_components(tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """The objects of a site with the components that concern pods, and a toleration of its own."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(HOME / "overlays/prod/pipeline.yaml", folder)
    own = {"key": "dedicated", "operator": "Exists"}
    chosen = ("history-server", "monitoring", "network-policies", "pod-security", "spot")
    values = Values.model_validate({"namespace": "mine", "components": chosen, "tolerations": [own]})
    return list(yaml.load_all(rendering.rendered(values, folder), yaml.CSafeLoader))


def find(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] == kind]


# pod-security


def test_the_namespace_enforces_a_pinned_version_of_the_restricted_profile(with_components):
    (namespace,) = find(with_components, "Namespace")
    labels = namespace["metadata"]["labels"]

    assert namespace["metadata"]["name"] == "mine"
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert labels[f"pod-security.kubernetes.io/{mode}-version"].startswith("v1.")


# spot


def test_no_driver_may_run_on_a_node_that_may_vanish(with_components):
    for pod in pods(with_components):
        if pod.labels.get("spark-role") == "driver":
            terms = pod.spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
            (term,) = terms["nodeSelectorTerms"]
            assert {each["operator"] for each in term["matchExpressions"]} == {"NotIn"}, pod.owner
            assert [each["key"] for each in pod.spec["tolerations"]] == ["dedicated"], pod.owner


def test_executors_prefer_such_nodes_but_run_without_them(with_components):
    for pod in pods(with_components):
        if pod.labels.get("spark-role") == "executor":
            affinity = pod.spec["affinity"]["nodeAffinity"]
            assert list(affinity) == ["preferredDuringSchedulingIgnoredDuringExecution"], pod.owner
            assert len(pod.spec["tolerations"]) > 1, pod.owner


def test_drivers_avoid_exactly_the_nodes_that_executors_prefer(with_components):
    spec = find(with_components, "ScheduledSparkApplication")[0]["spec"]["template"]
    avoided = spec["driver"]["template"]["spec"]["affinity"]["nodeAffinity"]
    preferred = spec["executor"]["template"]["spec"]["affinity"]["nodeAffinity"]
    (term,) = avoided["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    terms = [each["preference"] for each in preferred["preferredDuringSchedulingIgnoredDuringExecution"]]

    def places(expressions: list[Manifest]) -> set[tuple[str, str]]:
        return {(each["key"], value) for each in expressions for value in each["values"]}

    assert places(term["matchExpressions"]) == set().union(*(places(each["matchExpressions"]) for each in terms))


# network-policies


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a label selector of Kubernetes holds for a pod."""
    exact = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    assert all(each["operator"] == "In" for each in selector.get("matchExpressions", []))
    return exact and all(labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", []))


def ports_out(manifests: list[Manifest], labels: dict[str, str]) -> set[int]:
    """Ports to which a pod may speak outside of the namespace."""
    return {
        port["port"]
        for policy in find(manifests, "NetworkPolicy")
        if selects(policy["spec"]["podSelector"], labels)
        for rule in policy["spec"].get("egress", [])
        for port in rule.get("ports", [])
    }


def labels_of(manifests: list[Manifest], job: str, role: str) -> dict[str, str]:
    owner = f"ScheduledSparkApplication/tokenlake-{job}/{role}"
    return next(pod.labels for pod in pods(manifests) if pod.owner == owner)


@pytest.mark.parametrize("job", JOBS)
def test_a_pod_reaches_what_its_job_needs_and_nothing_else(with_components, job):
    online = {6379} if job == "materialize" else set()

    assert ports_out(with_components, labels_of(with_components, job, "driver")) == {53, 443, 6443, 9000} | online
    assert ports_out(with_components, labels_of(with_components, job, "executor")) == {53, 443, 9000} | online


def test_a_pod_without_labels_reaches_only_dns_and_is_reached_by_nobody(with_components):
    assert ports_out(with_components, {}) == {53}
    for policy in find(with_components, "NetworkPolicy"):
        if selects(policy["spec"]["podSelector"], {}):
            assert "ingress" not in policy["spec"], policy["metadata"]["name"]


@pytest.mark.parametrize(
    ("endpoint", "port"),
    [("https://s3.example.com", 443), ("http://s3:9000", 9000), ("http://s3:8333", 8333), ("http://s3", 80)],
)
def test_the_port_of_the_object_store_is_open(tmp_path, endpoint, port):
    shutil.copy(HOME / "overlays/prod/pipeline.yaml", tmp_path)
    store = {"endpoint": endpoint}
    values = Values.model_validate({"components": ["network-policies"], "object_store": store})
    manifests = list(yaml.load_all(rendering.rendered(values, tmp_path), yaml.CSafeLoader))

    assert ports_out(manifests, labels_of(manifests, "clean", "executor")) == {53, 443, 9000, port}


def test_the_ports_that_are_open_anyway_are_those_of_the_policy():
    text = (HOME / "components/network-policies/object-store.yaml").read_text()
    policy = next(yaml.safe_load_all(text))

    assert tuple(port["port"] for port in policy["spec"]["egress"][0]["ports"]) == STORE_PORTS


@pytest.mark.parametrize(
    ("name", "ports"),
    [("tokenlake-history-server", {53, 443, 9000}), ("tokenlake-metrics", {53, 443, 6443, 6379, 9000})],
)
def test_pods_beside_the_jobs_reach_what_they_need(with_components, name, ports):
    (pod,) = [pod for pod in pods(with_components) if pod.owner == f"Deployment/{name}"]

    assert ports_out(with_components, pod.labels) == ports


def test_drivers_and_executors_reach_each_other_on_every_port(with_components):
    (policy,) = [
        each for each in find(with_components, "NetworkPolicy") if each["metadata"]["name"] == "tokenlake-spark"
    ]
    spec = policy["spec"]

    for role in ("driver", "executor"):
        labels = labels_of(with_components, "clean", role)
        assert selects(spec["podSelector"], labels)
        assert selects(spec["ingress"][0]["from"][0]["podSelector"], labels)
        assert selects(spec["egress"][0]["to"][0]["podSelector"], labels)
    assert "ports" not in spec["ingress"][0]
    assert "ports" not in spec["egress"][0]


# history-server


def test_the_history_server_reads_the_folder_that_the_jobs_write(with_components):
    (settings,) = [each for each in find(with_components, "ConfigMap") if "SPARK_EVENTS" in each["data"]]
    written = {
        each["spec"]["template"]["sparkConf"]["spark.eventLog.dir"]
        for each in find(with_components, "ScheduledSparkApplication")
    }

    (folder,) = written
    assert f"-Dspark.history.fs.logDirectory={folder} " in settings["data"]["SPARK_HISTORY_OPTS"]


def test_the_service_of_the_history_server_finds_its_pod(with_components):
    (service,) = find(with_components, "Service")
    (pod,) = [pod for pod in pods(with_components) if pod.owner == "Deployment/tokenlake-history-server"]

    assert service["spec"]["selector"].items() <= pod.labels.items()
    assert service["spec"]["ports"][0]["targetPort"] in [port["name"] for port in pod.containers[0]["ports"]]
