"""The objects that follow from the values of a site, by the file of `k8s/` that holds them as the defaults make them."""

from jobs.kubernetes.applications import schedules
from jobs.kubernetes.pods import Manifest, store_environment
from jobs.kubernetes.values import Values

NAME = {"app.kubernetes.io/name": "tokenlake"}


def objects(values: Values) -> dict[str, Manifest]:
    """Path below `k8s/` -> object."""
    return {
        "base/settings.yaml": _settings(values),
        "base/quota.yaml": _quota(values),
        "base/driver-account.yaml": _account(values, "tokenlake-driver"),
        "base/executor-account.yaml": _account(values, "tokenlake-executor"),
        **{f"spark-operator/{name}.yaml": made for name, made in schedules(values).items()},
    }


def _settings(values: Values) -> Manifest:
    """What pods beside the jobs need to know, such as the exporter of metrics."""
    data = {"TOKENLAKE_LAKE": values.lake, **store_environment(values)}
    if values.events:
        data["SPARK_EVENTS"] = values.events
    return _object("v1", "ConfigMap", "tokenlake-settings", data=data)


def _quota(values: Values) -> Manifest:
    hard = {
        "requests.cpu": values.quota.cpu,
        "requests.memory": values.quota.memory,
        "limits.memory": values.quota.memory,
        "pods": str(values.quota.pods),
    }
    return _object("v1", "ResourceQuota", "tokenlake", spec={"hard": hard})


def _account(values: Values, name: str) -> Manifest:
    """A service account; its pods ask for a token of the API server by themselves, where they need one."""
    made = _object("v1", "ServiceAccount", name, automountServiceAccountToken=name == "tokenlake-driver")
    annotations = dict(values.object_store.service_account_annotations)
    if annotations:
        made["metadata"]["annotations"] = annotations
    return made


def _object(version: str, kind: str, name: str, **content: object) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": dict(NAME)}, **content}
