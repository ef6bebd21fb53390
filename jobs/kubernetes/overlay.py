"""A file of values -> the kustomize overlay of a site.

The overlay stands on `k8s/base` and `k8s/spark-operator`, which the default values made, and patches what its own
values make otherwise. So a reviewer sees in it what is special about the site, and nothing else.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from jobs.kubernetes.merge_patch import difference
from jobs.kubernetes.pods import Manifest
from jobs.kubernetes.site import objects
from jobs.kubernetes.values import Values

HOME = Path(__file__).resolve().parents[2] / "k8s"
"""The folder of the manifests, in a checkout and in an installed package alike."""

SITE = "site"
"""The folder of an overlay that holds the patches: a component, so that the other components see what it has made."""

STORE_PORTS = (443, 9000)
"""What k8s/components/network-policies/object-store.yaml allows."""

MADE = "# Made by `tokenlake k8s render --write`: change the values, not this file.\n"
"""The first line of every made file."""


def defaults() -> dict[str, str]:
    """Path below `k8s/` -> content, for the files that the default values make."""
    made = {path: _file(manifest) for path, manifest in objects(Values()).items()}
    for folder in ("base", "spark-operator"):
        own = [f"{folder}/{each.name}" for each in (HOME / folder).glob("*.yaml") if each.name != "kustomization.yaml"]
        names = sorted({path.rpartition("/")[2] for path in (*made, *own) if path.startswith(folder)})
        made[f"{folder}/kustomization.yaml"] = _file(_kustomization("Kustomization", resources=names))
    return made


def overlay(values: Values, folder: Path) -> dict[str, str]:
    """Path below an overlay's folder -> content, for the files that follow from its values."""
    patches = _patches(values)
    up = os.path.relpath(HOME, folder)
    pipeline = {"name": "tokenlake-pipeline", "files": [f"pipeline.yaml={values.pipeline}"]}
    top = _kustomization(
        "Kustomization",
        namespace=values.namespace,
        resources=[f"{up}/base", f"{up}/spark-operator"],
        components=[SITE, *(f"{up}/components/{name}" for name in sorted(values.components))],
        configMapGenerator=[pipeline],
        # Jobs name this ConfigMap, and each run takes its newest content.
        generatorOptions={"disableNameSuffixHash": True, "labels": {"app.kubernetes.io/name": "tokenlake"}},
        **_open_port(values),
    )
    site = _kustomization("Component", patches=[{"path": path} for path in sorted(patches)])
    files = {"kustomization.yaml": _file(top), f"{SITE}/kustomization.yaml": _file(site)}
    return files | {f"{SITE}/{path}": _file(patch) for path, patch in patches.items()}


def _patches(values: Values) -> dict[str, Manifest]:
    """File name -> what the values change of an object."""
    standard, found = objects(Values()), {}
    for path, wanted in objects(values).items():
        patch = difference(standard[path], wanted)
        if patch:
            metadata = {"name": wanted["metadata"]["name"], **patch.pop("metadata", {})}
            named = {"apiVersion": wanted["apiVersion"], "kind": wanted["kind"], "metadata": metadata}
            found[path.rpartition("/")[2]] = {**named, **patch}
    return found


def _open_port(values: Values) -> Manifest:
    """A patch for the port of the object store, where the component network-policies would deny it."""
    endpoint = urlsplit(values.object_store.endpoint or "https://")
    port = endpoint.port or (80 if endpoint.scheme == "http" else 443)
    if "network-policies" not in values.components or port in STORE_PORTS:
        return {}
    added = [{"op": "add", "path": "/spec/egress/0/ports/-", "value": {"protocol": "TCP", "port": port}}]
    target = {"kind": "NetworkPolicy", "name": "tokenlake-object-store"}
    return {"patches": [{"target": target, "patch": yaml.safe_dump(added, sort_keys=False)}]}


def _kustomization(kind: str, **content: Any) -> Manifest:
    version = {"Kustomization": "v1beta1", "Component": "v1alpha1"}[kind]
    return {"apiVersion": f"kustomize.config.k8s.io/{version}", "kind": kind, **content}


def _file(manifest: Mapping[str, Any]) -> str:
    return MADE + yaml.safe_dump(dict(manifest), sort_keys=False, allow_unicode=True, width=110)
