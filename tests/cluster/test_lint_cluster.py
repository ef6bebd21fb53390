"""What `tokenlake k8s lint` finds is what the API server of the cluster in KUBECONFIG accepts: nothing is applied.

The cluster must have the definitions of the Spark operator.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

KUBERNETES = Path(__file__).parents[1] / "kubernetes"
sys.path.append(str(KUBERNETES))

from lint_faults import FAULTS  # noqa: E402

pytestmark = pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster")

SOUND = {path.name: path.read_text() for path in (KUBERNETES / "clean").iterdir()}
REFUSED = {"conf.text", "image.missing", "names.label", "pod.proc"}
"""Rules whose faults a cluster with the operator's webhooks refuses too; lint finds them without a cluster."""


def accepted(text: str) -> bool:
    """Whether the API server would take the manifests, into a namespace that exists."""
    command = ["kubectl", "apply", "--dry-run=server", "--validate=strict", "-f", "-"]
    done = subprocess.run(
        command,
        input=text.replace("namespace: corpus", "namespace: default"),
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@pytest.mark.parametrize("name", sorted(SOUND))
def test_the_sound_manifests_are_accepted(name):
    assert accepted(SOUND[name])


@pytest.mark.parametrize("rule", sorted({fault.rule for fault in FAULTS} - REFUSED))
def test_a_fault_of_each_rule_is_accepted(rule):
    faulty = []
    for fault in (each for each in FAULTS if each.rule == rule):
        texts = dict(SOUND)
        for file, old, new in fault.changes:
            texts[file] = texts[file].replace(old, new)
        faulty.append("\n---\n".join(texts[file] for file in {change.file for change in fault.changes}))
    assert any(accepted(text) for text in faulty)
