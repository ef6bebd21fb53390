"""A job that asks for more than the namespace may have: a person who looks at the status sees why nothing runs."""

from commands import succeed


def test_status_says_that_the_quota_refuses_a_driver(site, cluster):
    site.install(quota={"memory": "1Gi"})  # a driver asks for 1.5
    succeed("k8s", "run", "ingest", "--namespace", cluster.namespace)

    def said():
        text = succeed("k8s", "status", "--namespace", cluster.namespace).output
        return text if "quota" in text else None

    text = cluster.wait("status to name the quota", said, minutes=3)
    assert "tokenlake-ingest" in text or "ingest" in text
    assert "exceeded quota: tokenlake" in text
