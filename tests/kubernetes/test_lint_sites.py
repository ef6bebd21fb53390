"""`tokenlake k8s lint` on the manifests of this project."""

from jobs.kubernetes.lint.findings import findings
from jobs.kubernetes.lint.node import Document


def test_nothing_is_found_in_what_a_site_applies(site, manifests):
    documents = [Document(site, each, None) for each in manifests]
    assert [each.text for each in findings(documents)] == []
