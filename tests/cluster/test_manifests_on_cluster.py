"""What the API server says of our manifests: schemas, admission, Pod Security, network policies."""

import copy
import json
from pathlib import Path

import pytest
import yaml
from commands import PROJECT, succeed

OVERLAYS = sorted(path.parent.name for path in Path(PROJECT, "k8s", "overlays").glob("*/values.yaml"))


def overlay(name):
    """The objects of an overlay."""
    text = succeed("k8s", "render", Path(PROJECT, "k8s", "overlays", name, "values.yaml")).output
    return [each for each in yaml.safe_load_all(text) if each]


@pytest.fixture(scope="module")
def installed(site):
    site.install()
    return site


def dry_run(cluster, *objects):
    """What the API server would say if these were created: schema, admission, webhooks, quota."""
    text = yaml.safe_dump_all(objects)
    return cluster.ask("apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-", standard_input=text)


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_server_takes_every_object_of_every_overlay(cluster, name):
    """Into the tests' namespace, since a dry run makes no namespace for what lies in it."""
    objects = [moved(each, cluster.namespace) for each in overlay(name)]
    known = {each["name"] for each in resource_types(cluster)}
    known_objects = [each for each in objects if each["kind"] in known]
    assert {each["kind"] for each in objects} - known <= {"PodMonitor", "PrometheusRule"}  # not of every cluster
    said = dry_run(cluster, *known_objects)
    assert said.status == 0, said.error
    assert len(said.output.splitlines()) == len(known_objects) >= 11
