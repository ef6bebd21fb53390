"""The pods of a job: driver and executors as pod templates, so that nothing of them depends on the operator's webhook.

Spark adds what it computes itself: image, memory, cores, ports, its own environment and labels.
"""

from typing import Any

from jobs.kubernetes.values import Job, Values

Manifest = dict[str, Any]

PIPELINE = "/etc/tokenlake/pipeline.yaml"
"""Where a driver finds the configuration of the pipeline."""

_SCRATCH = "/var/data/spark-local-1"
_WRITABLE = {"tmp": "/tmp", "cache": "/var/cache/tokenlake"}  # the root file system is read-only
_USER = 185  # as in the images of Apache Spark


def driver(values: Values, job: Job, name: str) -> Manifest:
    """The pod template of a driver, which nothing should evict: it is what a run would lose."""
    keep = {
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
        "karpenter.sh/do-not-disrupt": "true",
    }
    volumes = [{"name": "pipeline", "configMap": {"name": "tokenlake-pipeline"}}]
    mounts = [{"name": "pipeline", "mountPath": "/etc/tokenlake", "readOnly": True}]
    environment = [_secret("TOKENLAKE_ONLINE_STORE", values.online_store_secret)] if name == "materialize" else []
    spec = _spec(values, "spark-kubernetes-driver", _empty("10Gi"), volumes, mounts, environment)
    spec |= {"serviceAccountName": "tokenlake-driver", "priorityClassName": "tokenlake-driver"}
    return {"metadata": {"labels": labels(name), "annotations": keep}, "spec": spec}


def executor(values: Values, job: Job, name: str) -> Manifest:
    """The pod template of an executor, which may vanish: it is given time to hand its shuffle blocks over."""
    spec = _spec(values, "spark-kubernetes-executor", _scratch(job), [], [], [])
    spec |= {
        "serviceAccountName": "tokenlake-executor",
        "automountServiceAccountToken": False,
        "priorityClassName": "tokenlake-executor",
        "terminationGracePeriodSeconds": 90,
    }
    return {"metadata": {"labels": labels(name)}, "spec": spec}


def labels(job: str) -> dict[str, str]:
    """What all objects of a job carry."""
    return {"app.kubernetes.io/name": "tokenlake", "app.kubernetes.io/component": job, "tokenlake.io/job": job}


def _spec(
    values: Values,
    container: str,
    scratch: Manifest,
    volumes: list[Manifest],
    mounts: list[Manifest],
    environment: list[Manifest],
) -> Manifest:
    writable = [{"name": name, **_empty("10Gi")} for name in _WRITABLE]
    places = [{"name": name, "mountPath": path} for name, path in _WRITABLE.items()]
    if values.lake_volume:
        claim = {"claimName": values.lake_volume.claim}
        volumes = [*volumes, {"name": "lake", "persistentVolumeClaim": claim}]
        mounts = [*mounts, {"name": "lake", "mountPath": values.lake_volume.path}]
    return {
        "containers": [
            {
                "name": container,
                "env": [*_environment(values), *environment],
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "runAsNonRoot": True,
                    "capabilities": {"drop": ["ALL"]},
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "volumeMounts": [{"name": "spark-local-dir-1", "mountPath": _SCRATCH}, *places, *mounts],
            }
        ],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumes": [{"name": "spark-local-dir-1", **scratch}, *writable, *volumes],
        # There even when empty: components add to them.
        "nodeSelector": dict(values.node_selector),
        "tolerations": [dict(each) for each in values.tolerations],
    }


def store_environment(values: Values) -> dict[str, str]:
    """The variables of the AWS tools that a pod needs, but for its keys."""
    store = values.object_store
    found = {"AWS_REGION": store.region}
    if store.endpoint:
        found["AWS_ENDPOINT_URL"] = store.endpoint
        if store.endpoint.startswith("http://"):
            found["AWS_ALLOW_HTTP"] = "true"
    if store.virtual_hosted_style:
        found["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] = "true"
    return found


def _environment(values: Values) -> list[Manifest]:
    plain = {**store_environment(values), **values.environment}
    secret = values.object_store.secret
    keys = [_secret(name, secret) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")] if secret else []
    return [*({"name": name, "value": value} for name, value in plain.items()), *keys]


def _secret(variable: str, secret: str) -> Manifest:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": variable}}}


def _empty(limit: str) -> Manifest:
    return {"emptyDir": {"sizeLimit": limit}}


def _scratch(job: Job) -> Manifest:
    """Scratch of an executor: on the node's disk, or on a volume that lives as long as the pod."""
    size, storage_class = job.executor.scratch, job.executor.scratch_class
    if storage_class is None:
        return _empty(size)
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": size}},
    }
    return {"ephemeral": {"volumeClaimTemplate": {"spec": claim}}}
