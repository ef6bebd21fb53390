"""The report of a lake that lies where pods can read it."""

import pytest
from commands import succeed, tokenlake

from lake.lake import Lake


@pytest.fixture(scope="module", autouse=True)
def _installed(site):
    site.install()


def report(cluster, target):
    """The command, after its end."""
    return tokenlake("k8s", "report", "--namespace", cluster.namespace, "--output", target)


def pods(cluster):
    """Of reports."""
    return [each["metadata"]["name"] for each in cluster.list("pods") if "report" in each["metadata"]["name"]]


def test_lake_without_a_report_is_said_so(cluster, tmp_path):
    done = report(cluster, tmp_path / "report.html")
    assert done.status == 1
    assert "no tables there" in done.said
    assert not (tmp_path / "report.html").exists()


def test_page_comes_through_the_api_server_byte_for_byte(site, cluster, tmp_path):
    succeed("run", site.pipeline, "--lake", site.lake)
    target = tmp_path / "report.html"
    done = report(cluster, target)
    assert done.status == 0, done.said
    assert target.read_text() == Lake(site.lake).storage.read_text("report/index.html")


def test_no_pod_stays_behind(cluster, tmp_path):
    report(cluster, tmp_path / "report.html")
    cluster.wait("that the pod is gone", lambda: not pods(cluster), minutes=1)
