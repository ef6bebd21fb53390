"""The objects that follow from the values of a site, each with the file of `k8s/` for the default values."""

from jobs.engine.spark.object_stores import s3a_settings
from jobs.kubernetes.applications import schedules
from jobs.kubernetes.pods import Manifest, store_environment
from jobs.kubernetes.values import Values
from pipelines.storage.uri import LakeUri

NAME = {"app.kubernetes.io/name": "tokenlake"}


def objects(values: Values) -> dict[str, Manifest]:
    """Path below `k8s/` -> object."""
    return {
        "base/settings.yaml": _settings(values),
        "base/quota.yaml": _quota(values),
        "base/driver-account.yaml": _account(values, "tokenlake-driver"),
        "base/executor-account.yaml": _account(values, "tokenlake-executor"),
        "base/metrics-account.yaml": _account(values, "tokenlake-metrics"),
        **{f"spark-operator/{name}.yaml": made for name, made in schedules(values).items()},
    }


def _settings(values: Values) -> Manifest:
    """What pods beside the jobs need to know: the exporter of metrics, the history server."""
    data = {"TOKENLAKE_LAKE": values.lake, **store_environment(values)}
    # Components copy the name into their pods, for which the Secret is optional; no Secret has this other name.
    data["OBJECT_STORE_SECRET"] = values.object_store.secret or "none"
    if values.events:
        data["SPARK_EVENTS"] = values.events
        data["SPARK_HISTORY_OPTS"] = _history_options(values, values.events)
    return _object("v1", "ConfigMap", "tokenlake-settings", data=data)


def _history_options(values: Values, events: str) -> str:
    """Options of the history server's JVM: where the event logs are, and how it reaches them."""
    store = s3a_settings(store_environment(values)) if events and LakeUri.parse(events).is_s3 else {}
    settings = {"spark.history.fs.logDirectory": events, **store}
    return " ".join(f"-D{name}={value}" for name, value in settings.items())


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
    if values.pull_secrets:
        made["imagePullSecrets"] = [{"name": name} for name in values.pull_secrets]
    return made


def _object(version: str, kind: str, name: str, **content: object) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": dict(NAME)}, **content}
