"""Inside a container of ours: what the image and the pod template promise, asked from within."""

import yaml
from templates import pods_of

PROMISES = {
    "it is user and group 185": '[ "$(id -u):$(id -g)" = 185:185 ]',
    "it has no capabilities": "grep -q '^CapEff:[[:space:]]*0*$' /proc/self/status",
    "it can gain no privileges": "grep -q '^NoNewPrivs:[[:space:]]*1$' /proc/self/status",
    "it cannot write its image": "! touch /opt/tokenlake/x && ! touch /x",
    "it can write its scratch, caches and /tmp": "touch /var/data/spark-local-1/x /var/cache/tokenlake/x /tmp/x",
    "it finds the pipeline": "test -s /etc/tokenlake/pipeline.yaml",
    "it finds the keys of the object store": 'test -n "$AWS_ACCESS_KEY_ID" && test -n "$AWS_SECRET_ACCESS_KEY"',
    "the command is there": "tokenlake tables --help",
}
"""Promise -> a command that succeeds if it is kept."""


def test_a_driver_pod_keeps_its_promises(site, cluster):
    site.install()
    schedule = cluster.get("scheduledsparkapplication", "tokenlake-ingest")
    driver, _ = pods_of(schedule)
    checks = [f"if ! ( {command} ); then exit {number}; fi" for number, command in enumerate(PROMISES.values(), 11)]
    driver["spec"]["restartPolicy"] = "Never"
    driver["spec"]["containers"][0] |= {"args": ["bash", "-c", "\n".join(checks)]}
    cluster.kubectl("create", "--filename=-", standard_input=yaml.safe_dump(driver))
    name = driver["metadata"]["name"]

    def ended():
        (status,) = cluster.get("pod", name)["status"].get("containerStatuses") or [{}]
        return status.get("state", {}).get("terminated")

    code = cluster.wait("the end of the pod", ended)["exitCode"]
    broken = dict(enumerate(PROMISES, 11)).get(code)
    assert code == 0, broken or cluster.situation()
