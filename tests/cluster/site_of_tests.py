"""The site that the tests install: rendered by the command that users have, applied by kubectl."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from commands import succeed
from object_store import Bucket, ObjectStore
from real_cluster import RealCluster, real_nodes

DAYS = ("2026-11-20", "2026-11-21", "2026-11-22")
"""Of the deliveries that lie in the bucket of a site."""

FOLDER = Path(__file__).with_name("site")


@dataclass(frozen=True)
class Site:
    """A lake in a bucket of its own, and the jobs that make it."""

    cluster: RealCluster
    store: ObjectStore
    bucket: Bucket
    folder: Path  # with values.yaml and pipeline.yaml

    @property
    def lake(self) -> str:
        """Its URI."""
        return f"s3://{self.bucket.name}/lake"

    @property
    def pipeline(self) -> Path:
        """The configuration of its jobs."""
        return self.folder / "pipeline.yaml"

    def render(self, **changes: Any) -> str:
        """The manifests, as `tokenlake k8s render` prints them."""
        values = merged(_values(self), changes)
        path = self.folder / "values.yaml"
        path.write_text(yaml.safe_dump(values, sort_keys=False))
        return succeed("k8s", "render", path).output

    def install(self, **changes: Any) -> None:
        """Applies the manifests, with some values changed."""
        self.cluster.kubectl(
            "apply", "--server-side", "--force-conflicts", "--filename=-", standard_input=self.render(**changes)
        )


def make(cluster: RealCluster, store: ObjectStore, folder: Path, deliveries: Path) -> Site:
    """A site whose lake is not there yet, and whose bucket holds deliveries; nothing is installed."""
    bucket = store.new_bucket()
    bucket.upload(deliveries, "deliveries")
    folder.mkdir(parents=True)
    text = (FOLDER / "pipeline.yaml").read_text()
    (folder / "pipeline.yaml").write_text(text.replace("BUCKET", bucket.name))
    return Site(cluster, store, bucket, folder)


def merged(base: Any, change: Any) -> Any:
    """Nested mappings of one laid over those of another."""
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    return base | {key: merged(base.get(key), value) for key, value in change.items()}


def _values(site: Site) -> dict[str, Any]:
    values = yaml.safe_load((FOLDER / "values.yaml").read_text())
    values |= {
        "namespace": site.cluster.namespace,
        "lake": site.lake,
        "events": f"s3a://{site.bucket.name}/spark-events/",
        "object_store": {"endpoint": site.store.address},
        **_placement(site.cluster),
    }
    own = os.environ.get("TOKENLAKE_TEST_VALUES")
    return merged(values, yaml.safe_load(Path(own).read_text())) if own else values


def _placement(cluster: RealCluster) -> dict[str, Any]:
    """Keeps pods away from nodes that only pretend to run them."""
    nodes = real_nodes(cluster)
    if not nodes:
        return {}
    taints = [taint for node in nodes for taint in node["spec"].get("taints", ())]
    tolerations = [{"key": taint["key"], "operator": "Exists", "effect": taint["effect"]} for taint in taints]
    shared = set.intersection(*({*node["metadata"]["labels"].items()} for node in nodes))
    (label, value), *_ = sorted(pair for pair in shared if pair[0] == "type")
    return {"node_selector": {label: value}, "tolerations": tolerations}
