"""Every object of every site is what the API server's strict schemas allow, pod templates of the jobs included."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from jobs.kubernetes.pods import Manifest


def faults(tools: Path, manifests: list[Manifest]) -> list[str]:
    """What kubeconform has against the objects: `Kind name: message` for each."""
    schemas = f"{tools}/schemas/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    command = [tools / "bin/kubeconform", "-strict", "-output", "json", "-schema-location", schemas]
    text = yaml.dump_all(manifests, Dumper=yaml.CSafeDumper)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["resources"]
    return [f"{each['kind']} {each['name']}: {each['msg']}" for each in found]


def test_every_object_of_a_site_fits_its_schema(tools, manifests):
    assert faults(tools, manifests) == []


def pick(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """A copy of one object."""
    found = next(each for each in manifests if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return yaml.load(yaml.dump(found, Dumper=yaml.CSafeDumper), yaml.CSafeLoader)


@pytest.mark.parametrize(
    ("kind", "path", "key"),
    [
        ("ScheduledSparkApplication", "spec", "concurencyPolicy"),
        ("ScheduledSparkApplication", "spec.template.restartPolicy", "onFailureRetry"),
        # The operator's own definition lets anything pass here.
        ("ScheduledSparkApplication", "spec.template.driver.template.spec", "nodeSelectors"),
        ("ScheduledSparkApplication", "spec.template.executor.template.spec.securityContext", "runAsRoot"),
        ("ConfigMap", "", "datas"),
    ],
)
def test_a_misspelt_key_is_found(tools, manifests, kind, path, key):
    object_ = pick(manifests, kind, {"ConfigMap": "tokenlake-settings"}.get(kind, "tokenlake-clean"))
    place = object_
    for part in filter(None, path.split(".")):
        place = place[part]
    place[key] = {}

    (fault,) = faults(tools, [object_])

    assert key in fault
