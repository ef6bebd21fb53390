"""The manifests of the sites in k8s/overlays, built once."""

import functools
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from jobs.kubernetes import rendering
from jobs.kubernetes.overlay import HOME
from jobs.kubernetes.pods import Manifest

ROOT = HOME.parent


@functools.cache
def built(site: str) -> str:
    """What kustomize makes of a committed overlay."""
    return rendering.build(HOME / "overlays" / site)


SITES = sorted(path.parent.name for path in HOME.glob("overlays/*/values.yaml"))


@pytest.fixture(scope="session", params=SITES)
def site(request: pytest.FixtureRequest) -> str:
    """Name of each committed overlay in turn."""
    return request.param


@pytest.fixture(scope="session")
def manifests(site: str) -> list[Manifest]:
    """All objects of the site."""
    return list(yaml.load_all(built(site), yaml.CSafeLoader))


@pytest.fixture(scope="session")
def schedules(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Job -> its ScheduledSparkApplication."""
    found = [each for each in manifests if each["kind"] == "ScheduledSparkApplication"]
    return {each["metadata"]["labels"]["tokenlake.io/job"]: each for each in found}


@pytest.fixture(scope="session")
def tools() -> Path:
    """Folder with kubeconform in `bin` and the schemas in `schemas`."""
    if not shutil.which("go") and not (ROOT / ".tools/schemas").is_dir():
        pytest.skip("kubeconform is built with Go, which is missing")
    done = subprocess.run(["sh", ROOT / "scripts/k8s_tools.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ROOT / ".tools"
