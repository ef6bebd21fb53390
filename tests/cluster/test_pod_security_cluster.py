"""The rules for pods are those of Pod Security: the API server of the cluster in KUBECONFIG refuses random pods for
the reasons that lint finds. Only a namespace is made, and deleted again.
"""

import json
import os
import random
import re
import subprocess

import pytest

from jobs.kubernetes.lint.given import Given
from jobs.kubernetes.lint.node import Document
from jobs.kubernetes.lint.pod_security import FAMILY

pytestmark = pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster")

NAMESPACE = "tokenlake-lint-test"
REASONS = {
    "host namespaces": "host",
    "restricted volume types": "volumes",
    "hostPort": "ports",
    "privileged": "privileged",
    "unrestricted capabilities": "capabilities",
    "runAsNonRoot != true": "root",
    "runAsUser=0": "root",
    "allowPrivilegeEscalation != false": "escalation",
    "seccompProfile": "seccomp",
    "forbidden sysctls": "sysctls",
    "seLinuxOptions": "selinux",
    "forbidden AppArmor profile": "apparmor",
    "probe or lifecycle host": "probes",
}
VOLUMES = [
    {"emptyDir": {}},
    {"configMap": {"name": "a"}},
    {"secret": {"secretName": "a"}},
    {"persistentVolumeClaim": {"claimName": "a"}},
    {"downwardAPI": {}},
    {"hostPath": {"path": "/a"}},
    {"nfs": {"server": "a", "path": "/a"}},
]


def kubectl(*arguments, text=None):
    return subprocess.run(["kubectl", *arguments], input=text, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def namespace():
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
    done = kubectl("apply", "-f", "-", text=json.dumps(made))
    assert done.returncode == 0, done.stderr
    kubectl("wait", "--for=create", "serviceaccount/default", "-n", NAMESPACE, "--timeout=60s")  # pods need it
    yield NAMESPACE
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def some(chance, **choices):
    """Each key with a chance of its own; the value is one of those listed."""
    return {key: chance.choice(values) for key, (share, values) in choices.items() if chance.random() < share}


def security(chance):
    return some(
        chance,
        runAsNonRoot=(0.8, [True, True, True, False]),
        runAsUser=(0.3, [0, 185, 185]),
        seccompProfile=(0.7, [{"type": "RuntimeDefault"}] * 3 + [{"type": "Unconfined"}]),
        appArmorProfile=(0.1, [{"type": "RuntimeDefault"}, {"type": "Unconfined"}]),
        seLinuxOptions=(0.1, [{"type": "container_t"}, {"type": "spc_t"}, {"user": "u"}, {"role": "r"}]),
    )


def container(chance, number):
    own = security(chance) | some(
        chance,
        allowPrivilegeEscalation=(0.9, [False, False, False, True]),
        capabilities=(0.9, [{"drop": ["ALL"]}] * 3 + [{"drop": ["ALL"], "add": ["CHOWN"]}, {"drop": ["NET_RAW"]}]),
    )
    if own.get("allowPrivilegeEscalation") is not False and chance.random() < 0.3:
        own["privileged"] = True
    probe = {"httpGet": {"port": 80, "host": "10.0.0.1"}}
    return {
        "name": f"c{number}",
        "image": "a",
        "securityContext": own,
        **some(
            chance,
            ports=(0.1, [[{"containerPort": 80, "hostPort": 80}], [{"containerPort": 80}]]),
            livenessProbe=(0.1, [probe, {"tcpSocket": {"port": 80}}]),
            lifecycle=(0.1, [{"preStop": probe}, {"preStop": {"exec": {"command": ["a"]}}}]),
        ),
    }


def pod(chance, number):
    sysctls = [[{"name": "net.ipv4.tcp_rmem", "value": "1"}], [{"name": "net.core.somaxconn", "value": "1"}]]
    spec = {
        "containers": [container(chance, each) for each in range(chance.choice([1, 1, 2]))],
        "securityContext": security(chance) | some(chance, sysctls=(0.1, sysctls)),
        "volumes": [{"name": f"v{each}", **chance.choice(VOLUMES)} for each in range(chance.choice([0, 0, 1, 2]))],
        **some(chance, hostPID=(0.1, [True, False]), hostIPC=(0.1, [True, False])),
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{number}"}, "spec": spec}


def found(made):
    given = Given([Document("some.yaml", made, None)])
    return {rule.id.partition(".")[2] for rule in FAMILY.rules if any(True for _ in rule.check(given))}


def test_random_pods_are_refused_for_the_reasons_that_lint_finds(namespace):
    chance = random.Random(11)
    pods = [pod(chance, number) for number in range(200)]
    stream = json.dumps({"apiVersion": "v1", "kind": "List", "items": pods})
    done = kubectl("create", "--dry-run=server", "-n", namespace, "-f", "-", text=stream)
    refused = dict(
        re.findall(r'pods "(p\d+)" is forbidden: violates PodSecurity "restricted:latest": (.*)', done.stderr)
    )
    allowed = set(re.findall(r"pod/(p\d+) created", done.stdout))
    assert allowed | set(refused) == {each["metadata"]["name"] for each in pods}, done.stderr[-2000:]
    assert len(refused) > 100
    assert len(allowed) > 0
    for made in pods:
        said = refused.get(made["metadata"]["name"], "")
        reasons = re.findall(r"(?:^|\), )([^()]+?)(?= \()", said)
        assert {REASONS[each] for each in reasons} == found(made), (said, made)
