"""A job asks for more than the namespace may have: who looks at the status sees why nothing runs, and what to do."""

from commands import succeed, tokenlake


def test_status_says_that_the_quota_refuses_a_driver(site, cluster):
    site.install(quota={"memory": "1Gi"})  # a driver asks for 1.5
    succeed("k8s", "run", "ingest", "--namespace", cluster.namespace)

    def said():
        text = tokenlake("k8s", "status", "--namespace", cluster.namespace).output
        return text if "exceeded quota" in text else None

    text = cluster.wait("that status names the quota", said, minutes=3)
    assert "exceeded quota: tokenlake: a driver asks for 1536Mi" in text
    assert "raise quota.memory in the values" in text
    assert not cluster.all("pods", "spark-role=driver")
