"""Outputs of a step change only together with its semantics version (pipelines/semantics.py)."""

import json

import pytest
from golden.outputs import FILE, Outputs

from pipelines.semantics import STEPS


@pytest.fixture(scope="module")
def outputs(engine, tmp_path_factory):
    return Outputs(engine, tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.step)
def test_outputs_change_only_with_the_semantics_version(outputs, step):
    golden = json.loads(FILE.read_text())[step.step]
    found = outputs.digests(step.step)
    changed = sorted(name for name in golden["rows"].keys() | found if golden["rows"].get(name) != found.get(name))
    if changed and golden["version"] == step.version:
        pytest.fail(
            f"{step.step} makes other rows than version {step.version} made: {', '.join(changed[:8])}. If this is "
            f"meant, add version {step.version + 1} to it in pipelines/semantics.py, with a line that says what "
            "changed, then run `make golden`. Lakes made before are then rebuilt from this step on, or keep their "
            "rows with --keep-old. If it is not meant, mend the step."
        )
    assert golden["version"] == step.version, "the version has changed: run `make golden`"
    assert not changed


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.step)
def test_versions_are_numbered_from_one_and_each_says_what_changed(step):
    assert list(step.changes) == list(range(1, len(step.changes) + 1))
    assert all(change and "\n" not in change for change in step.changes.values())
