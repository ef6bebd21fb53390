"""Feast's own command works on `features/`, and registers what `tokenlake features apply` registers."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from feast.protos.feast.core.Registry_pb2 import Registry as RegistryMessage
from feast.repo_operations import get_repo_files
from google.protobuf.json_format import MessageToDict

from features.catalogue.catalogue import CATALOGUE
from features.feast_registry import FILE, apply_definitions
from pipelines.errors import MisuseError

REPOSITORY = Path(__file__).resolve().parents[3] / "features"


def feast(*arguments: str, **environment: str) -> str:
    """Runs Feast's command in a process of its own, and returns what it printed."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("feast")), "-c", str(REPOSITORY), *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_feast_apply_registers_what_our_apply_registers(tmp_path: Path):
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    (theirs / "features").mkdir(parents=True)

    feast("apply", "--skip-source-validation", TOKENLAKE_LAKE=str(theirs))
    apply_definitions(str(ours), CATALOGUE)

    assert _registered(ours) == _registered(theirs)


@pytest.mark.slow
def test_feast_lists_the_views_of_our_registry_on_valkey(tmp_path: Path, store: str):
    apply_definitions(str(tmp_path), CATALOGUE)

    listed = feast(
        *("-f", str(REPOSITORY / "feature_store.valkey.yaml"), "feature-views", "list"),
        TOKENLAKE_LAKE=str(tmp_path),
        TOKENLAKE_FEAST_REDIS=store.removeprefix("valkey://").partition("/")[0],
    )

    names = {line.split()[0] for line in listed.splitlines()[1:]}
    assert names == {each.name for each in (*CATALOGUE.views, *CATALOGUE.on_demand)}


def test_feast_imports_nothing_of_this_folder_but_the_repository():
    assert get_repo_files(REPOSITORY) == [REPOSITORY / "repository.py"]


@pytest.mark.parametrize("lake", ["", "lakes/relative", "$TOKENLAKE_LAKE"])
def test_a_lake_that_feast_would_look_for_in_this_folder_is_refused(lake: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOKENLAKE_LAKE", lake)

    with pytest.raises(MisuseError, match="absolute path"):
        runpy.run_path(str(REPOSITORY / "repository.py"))


def _registered(lake: Path) -> Any:
    """Everything that a registry says, but not when it was said, nor for which lake, nor the versions before."""
    found = MessageToDict(RegistryMessage.FromString((lake / FILE).read_bytes()))
    for name in ("infra", "projectMetadata", "featureViewVersionHistory", "versionId"):
        found.pop(name, None)
    for view in found["onDemandFeatureViews"]:
        view["spec"].pop(
            "entityColumns", None
        )  # the key of Feast's placeholder entity, which Feast adds and nobody reads
    return _timeless(found, str(lake))


def _timeless(value: Any, lake: str) -> Any:
    if isinstance(value, dict):
        skipped = ("createdTimestamp", "lastUpdatedTimestamp", "lastUpdated", "dataSourceClassType")
        return {name: _timeless(each, lake) for name, each in sorted(value.items()) if name not in skipped}
    if isinstance(value, list):
        return sorted((_timeless(each, lake) for each in value), key=repr)
    return value.replace(lake, "LAKE") if isinstance(value, str) else value
