"""A cluster, an object store that its pods reach, and one site in it for each file of tests."""

from collections.abc import Iterator
from pathlib import Path

import corpus
import object_store
import pytest
import real_cluster
import site_of_tests
import yaml
from commands import succeed
from object_store import ObjectStore
from real_cluster import RealCluster
from site_of_tests import Site


@pytest.fixture(scope="session")
def cluster() -> RealCluster:
    """The namespace in which everything happens; nothing of earlier tests is left in it."""
    found = real_cluster.find()
    if found.get("namespace", found.namespace) is None:
        found.kubectl("create", "namespace", found.namespace)
    found.clear()
    return found


@pytest.fixture(scope="session")
def store(cluster: RealCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """The store that the environment names, or an S3 server on this machine; pods find its keys in their Secret."""
    own = object_store.named_by_environment()
    if own is not None:
        _write_secret(cluster, own)
        yield own
        return
    address = _service(cluster)
    with object_store.on_this_machine(tmp_path_factory.mktemp("s3"), address, cluster.namespace) as found:
        _write_secret(cluster, found)
        yield found


@pytest.fixture(scope="module")
def site(cluster: RealCluster, store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Not installed yet; removed afterwards."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in store.environment.items():
            patch.setenv(name, value)
        for number, day in enumerate(site_of_tests.DAYS):
            corpus.make(folder / "deliveries" / day, 40, first=30 * number)
        yield site_of_tests.make(cluster, store, folder / "site", folder / "deliveries")
    cluster.clear()


@pytest.fixture(scope="module")
def expected(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake that the same pipeline makes of the same objects on this machine, on Sail."""
    lake = tmp_path_factory.mktemp("expected") / "lake"
    succeed("run", site.pipeline, "--lake", lake)
    return lake


def _service(cluster: RealCluster) -> str:
    """The cluster's address of a Service that selects no pods: what answers there is up to the tests."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": object_store.SERVICE},
        "spec": {"ports": [{"port": object_store.PORT}]},
    }
    cluster.kubectl("apply", "--filename=-", standard_input=yaml.safe_dump(service))
    made = cluster.get("service", object_store.SERVICE)
    assert made is not None
    return made["spec"]["clusterIP"]


def _write_secret(cluster: RealCluster, store: ObjectStore) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "tokenlake-object-store"},
        "stringData": {"AWS_ACCESS_KEY_ID": store.access_key, "AWS_SECRET_ACCESS_KEY": store.secret_key},
    }
    cluster.kubectl("apply", "--filename=-", standard_input=yaml.safe_dump(secret))
