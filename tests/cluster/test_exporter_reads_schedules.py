"""The exporter's client and its Role, against the API server that KUBECONFIG names."""

import base64
import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from jobs.metrics.exposition import text
from jobs.metrics.kubernetes import Cluster, ClusterError
from jobs.metrics.schedules import cluster_figures

K8S = Path(__file__).parents[2] / "k8s"

pytestmark = pytest.mark.skipif(
    not os.environ.get("KUBECONFIG") or shutil.which("kubectl") is None, reason="KUBECONFIG names no cluster"
)


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    done = subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    """A namespace with the exporter's account, and schedules as `k8s/spark-operator` has them."""
    name = f"exporter-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", name)
    kubectl("-n", name, "apply", "-f", "-", stdin=_account(name))
    for schedule in ("ingest", "clean"):
        kubectl("-n", name, "apply", "-f", str(K8S / "spark-operator" / f"{schedule}.yaml"))
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def _account(namespace: str) -> str:
    """With the namespace in the binding's subject, as kustomize puts it there."""
    files = (K8S / "base" / "metrics-account.yaml", K8S / "components" / "monitoring" / "role.yaml")
    found = [each for file in files for each in yaml.safe_load_all(file.read_text())]
    for each in found:
        for subject in each.get("subjects", ()):
            subject["namespace"] = namespace
    return yaml.safe_dump_all(found)


@pytest.fixture
def cluster(namespace, tmp_path) -> Cluster:
    """As a pod with that account sees the API server: its address, a token and the authority in files."""
    [found] = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json"))["clusters"]
    described = found["cluster"]
    authority = described.get("certificate-authority-data")
    content = base64.b64decode(authority) if authority else Path(described["certificate-authority"]).read_bytes()
    (tmp_path / "ca.crt").write_bytes(content)
    (tmp_path / "token").write_text(kubectl("-n", namespace, "create", "token", "tokenlake-metrics"))
    address = urlsplit(described["server"])
    return Cluster(str(address.hostname), str(address.port or 443), tmp_path)


def test_the_schedules_of_the_namespace_are_read_with_the_rights_of_the_role(cluster, namespace):
    found, problem = cluster_figures(cluster, namespace)
    assert problem == ""
    schedules = {each.labels["schedule"] for each in found if "schedule" in each.labels}
    assert schedules == {"tokenlake-ingest", "tokenlake-clean"}


def test_what_the_operator_writes_into_the_status_becomes_figures(cluster, namespace):
    due = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"status": {"lastRun": due, "nextRun": due, "scheduleState": "Scheduled"}}
    kubectl(
        "-n", namespace, "patch", "scheduledsparkapplication", "tokenlake-clean", "--subresource=status",
        "--type=merge", "-p", json.dumps(status),
    )  # fmt: skip
    kubectl(
        "-n", namespace, "patch", "scheduledsparkapplication", "tokenlake-ingest", "--type=merge",
        "-p", '{"spec":{"suspend":true}}',
    )  # fmt: skip
    said = text(cluster_figures(cluster, namespace)[0], "l")
    assert 'tokenlake_schedule_suspended{lake="l",schedule="tokenlake-ingest"} 1' in said
    assert 'tokenlake_schedule_suspended{lake="l",schedule="tokenlake-clean"} 0' in said
    [late] = [
        each for each in said.splitlines() if each.startswith("tokenlake_schedule_last_run_") and "clean" in each
    ]
    assert time.time() - float(late.split()[1]) >= 3600


def test_the_role_allows_nothing_else(cluster, namespace):
    account = f"system:serviceaccount:{namespace}:tokenlake-metrics"
    for verb, kind in (("list", "secrets"), ("list", "pods"), ("delete", "sparkapplications"), ("create", "pods")):
        done = subprocess.run(
            ["kubectl", "-n", namespace, "auth", "can-i", verb, kind, "--as", account], capture_output=True, text=True
        )
        assert done.stdout.strip() == "no", (verb, kind)
    with pytest.raises(ClusterError, match="403"):
        list(cluster.objects("kube-system", "sparkapplications"))


def test_a_wrong_token_is_refused_and_told(cluster, namespace):
    (cluster.account / "token").write_text("wrong")
    found, problem = cluster_figures(cluster, namespace)
    assert "401" in problem
    assert [(each.metric.name, each.value) for each in found] == [("tokenlake_kubernetes_up", 0.0)]
