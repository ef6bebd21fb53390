"""Root file systems made by `make rootfs`, where the tests are told to examine them."""

import os
import shutil
from pathlib import Path

import pytest
from rootfs_process import Rootfs

from images.rootfs.containerfile import stages

# They take minutes and need root: `make test-rootfs` names the folder.
collect_ignore_glob = [] if "TOKENLAKE_ROOTFS" in os.environ else ["test_rootfs_*.py"]

PROJECT = Path(__file__).resolve().parents[2]
WRITABLE = {"spark": ("/tmp", "/var/cache/tokenlake", "/var/data/spark-local-1"), "features": ("/tmp",)}


def _rootfs(image: str, scratch: Path) -> Rootfs:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can start processes in a root file system")
    folder = Path(os.environ["TOKENLAKE_ROOTFS"]) / image
    last = stages((PROJECT / "images" / image / "Containerfile").read_text())[-1]
    environment = {
        name: value for each in last.instructions if each.keyword == "ENV" for name, value in each.assignments.items()
    }
    (user,) = (int(each.text) for each in last.instructions if each.keyword == "USER")
    return Rootfs(folder.resolve(), scratch, user, WRITABLE[image], environment)


@pytest.fixture
def spark_image(tmp_path: Path) -> Rootfs:
    """The image of Spark jobs."""
    return _rootfs("spark", tmp_path)


@pytest.fixture
def features_image(tmp_path: Path) -> Rootfs:
    """The image of the feature server."""
    return _rootfs("features", tmp_path)


@pytest.fixture(params=["spark", "features"])
def any_image(request: pytest.FixtureRequest, tmp_path: Path) -> Rootfs:
    """Each image."""
    return _rootfs(request.param, tmp_path)
